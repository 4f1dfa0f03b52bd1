public import TraceModel

/// One stretch of a wakeup's way from its expiry to the clock reading.
public struct Segment: Hashable, Sendable {
  /// The stretches in order of time.
  public enum Name: String, Hashable, Sendable, CaseIterable {
    /// Expiry to interrupt entry.
    case timer
    /// Interrupt entry to sched_waking.
    case irq
    /// sched_waking to sched_wakeup.
    case enqueue
    /// sched_wakeup to sched_switch.
    case schedule
    /// sched_switch to the system call's exit.
    case `return`
    /// The system call's exit to the clock reading.
    case clockRead = "clock-read"
    /// Where the trace lacks the events that would bound a stretch.
    case unexplained
  }

  /// Which stretch.
  public var name: Name
  /// From when to when; the unexplained one may be empty at the window's end.
  public var span: TimeSpan
  /// Median of the same stretch over earlier wakeups of the same thread in the same buffer.
  public var typical: Nanoseconds?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(name: Name, span: TimeSpan, typical: Nanoseconds? = nil) {
    self.name = name
    self.span = span
    self.typical = typical
  }

  /// Its length.
  public var length: Nanoseconds { span.length }
}

extension Segment {
  /// All seven segments where one of them is the whole window: what a tracer measured is what would
  /// have been waited for.
  static func whole(_ name: Name, _ window: TimeSpan) -> [Segment] {
    var place = window.start
    return Name.allCases.map { other in
      let span = other == name ? window : TimeSpan(place, place)
      place = span.end
      return Segment(name: other, span: span)
    }
  }
}

extension WakeupTimes {
  /// The segments of `[expiry, sampled)`: always all seven, in order, their lengths sum to its
  /// length.
  public var segments: [Segment] {
    var spans: [Segment.Name: TimeSpan] = [:]
    var cursor = expiry
    func advance(_ name: Segment.Name, to time: Nanoseconds) {
      let end = min(max(time, cursor), max(sampled, expiry))
      spans[name] = TimeSpan(cursor, end)
      cursor = end
    }
    if let waking {
      advance(.timer, to: interrupt ?? waking)
      advance(.irq, to: waking)
      advance(.enqueue, to: queued ?? waking)
      if let switched {
        advance(.schedule, to: switched)
      } else if let firstOwn {
        // The switch is missing; somewhere up to here it happened.
        advance(.unexplained, to: firstOwn)
      }
    } else if let switched {
      // Seen on the CPU, but not how it came there.
      advance(.unexplained, to: switched)
    }
    if switched != nil || (waking != nil && firstOwn != nil) {
      advance(.return, to: returned ?? sampled)
      advance(.clockRead, to: sampled)
    } else if let returned, waking == nil {
      // It never slept for this cycle, or the trace lost it all up to here.
      advance(.unexplained, to: returned)
      advance(.clockRead, to: sampled)
    } else {
      advance(.unexplained, to: sampled)
    }
    // A stretch that is missing is an empty one where the one before it ends.
    var place = expiry
    return Segment.Name.allCases.map { name in
      let span = spans[name] ?? TimeSpan(place, place)
      place = span.end
      return Segment(name: name, span: span)
    }
  }
}
