import TraceModel

/// A timer of a CPU that expired late while the CPU wrote nothing: interrupts were disabled there,
/// or the CPU was paused.
struct OverdueTimer {
  /// From the timer's expiry, or the CPU's last event where that is later, to the interrupt.
  var span: TimeSpan
  /// The request for the timer (hrtimer_start).
  var armed: TraceEvent
  /// Its late expiry (hrtimer_expire_entry).
  var expired: TraceEvent
  /// The code that the late interrupt met on that CPU, where a stack reports it.
  var code: InterruptedCode?
  /// Whether the CPU's last event before was written in an interrupt, which may have lasted.
  var isInInterrupt: Bool

  /// Shorter ones are an idle state's exit, or an ordinary section.
  static let least = Nanoseconds(microseconds: 100)

  /// Those of a CPU that touch `window`, in order of time.
  ///
  /// Timers are compared with the trace only where the kernel's own reading at the expiry (`now`)
  /// shows that both are on one clock.
  static func all(on track: CPUTimeline, in window: TimeSpan) -> [OverdueTimer] {
    // The interrupt may come after the window.
    let reach = TimeSpan(window.start, window.end + Nanoseconds(microseconds: 20_000))
    var found: [OverdueTimer] = []
    let events = track.events
    let inside = track.events(in: reach)
    for index in inside.indices {
      guard case .hrtimerExpireEntry(let timer, _, let now) = events[index].payload,
        isClose(now, events[index].time), let armed = request(for: timer, before: index, events),
        case .hrtimerStart(_, _, let expires, _, _) = armed.payload
      else { continue }
      // Interrupts that were pending together come one after the other.
      let first = entry(of: index, events)
      let before = first > events.startIndex ? events[first - 1].time : armed.time
      let span = TimeSpan(max(expires, before), max(events[first].time, expires))
      guard span.length >= least, span.clipped(to: window) != nil,
        !track.gaps.contains(where: { $0.span.start < span.end && $0.span.end > span.start })
      else { continue }
      let overdue = OverdueTimer(
        span: span, armed: armed, expired: events[index], code: code(behind: index, events),
        isInInterrupt: first > events.startIndex && isInside(events[first - 1]))
      if let last = found.last, last.span.end == span.end {
        // Several timers of one interrupt: the one that was due first.
        if span.length > last.span.length { found[found.count - 1] = overdue }
      } else {
        found.append(overdue)
      }
    }
    return found
  }

  /// Whether nothing that this CPU did can have stopped it together with another one: it was idle,
  /// or the late interrupt met code with interrupts enabled that waits for no spinning lock and was
  /// in no other interrupt, as far as those were recorded.
  func isUnrelated(_ spike: SpikeCase) -> Bool {
    guard !isInInterrupt else { return false }
    guard let code else { return expired.pid == 0 }
    switch code.mode {
    case .idle: return true
    case .user, .kernel:
      let calls = "irq_vectors:call_function_single_entry"
      guard spike.context.enabledEvents?.contains(calls) == true else { return false }
      return !code.stoppedAtInterruptEnable
        && !code.frames.contains { KernelFunctions.takesLock($0.symbol) }
    }
  }

  private static func isClose(_ a: Nanoseconds, _ b: Nanoseconds) -> Bool {
    let difference = b - a
    return difference.count > -50_000 && difference.count < 100_000
  }

  /// The last request for a timer, where nothing took it back or served it since.
  private static func request(
    for timer: UInt64, before index: Int, _ events: [TraceEvent]
  ) -> TraceEvent? {
    for event in events[..<index].reversed() {
      switch event.payload {
      case .hrtimerStart(timer, _, _, _, let mode): return mode.hasPrefix("REL") ? nil : event
      case .hrtimerCancel(timer), .hrtimerExpireEntry(timer, _, _): return nil
      default: continue
      }
    }
    return nil
  }

  /// Where the interrupts begin that end with the one that serves the timer at `index`.
  private static func entry(of index: Int, _ events: [TraceEvent]) -> Int {
    var place = index
    while place > events.startIndex {
      let before = events[place - 1]
      guard before.context.inHardIRQ, events[place].time - before.time < least else { break }
      place -= 1
    }
    return place
  }

  private static func isInside(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .vectorExit, .irqExit: false
    default: event.context.inHardIRQ || event.context.inSoftIRQ || event.context.inNMI
    }
  }

  /// The code under the interrupt, by the first stack after the expiry.
  private static func code(behind index: Int, _ events: [TraceEvent]) -> InterruptedCode? {
    for event in events[index...].prefix(8) {
      guard event.context.inHardIRQ else { break }
      if case .stack(let frames) = event.payload {
        return InterruptedCode(stack: frames, task: event.pid)
      }
    }
    return nil
  }
}
