public import TraceModel

/// All that the rules may look at for one spike.
public struct SpikeCase: Sendable {
  /// The late wake-up.
  public var sample: WakeupSample
  /// Its times as far as the trace tells them.
  public var times: WakeupTimes
  /// Its segments with their typical lengths.
  public var segments: [Segment]
  /// The trace.
  public var timeline: Timeline
  /// Who had the CPU on which the thread was to run.
  public var replay: CPUReplay
  /// The CPU's events in the window.
  public var events: ArraySlice<TraceEvent>
  /// The machine and the run.
  public var context: SystemContext
  /// Earlier wake-ups.
  public var baseline: Baseline
  /// The interrupted code, where the trace has the stack of the wake-up.
  public var interrupted: InterruptedCode?
  /// The measured thread's priority in the scheduler's events.
  public var priority: KernelPriority
  /// Gaps of the trace that touch the window.
  public var gaps: [TimelineGap]

  /// Prepares the case of a sample.
  public init(_ sample: WakeupSample, timeline: Timeline, context: SystemContext) {
    let finder = WakeupFinder(timeline)
    let times = finder.times(of: sample)
    let cpu = times.switchedEvent?.cpu ?? times.wakingEvent?.cpu ?? sample.cpu
    let track = timeline[cpu: cpu] ?? CPUTimeline(cpu: cpu, events: [])
    let baseline = Baseline(finder.earlier(than: sample.expiry, tid: sample.task.pid, limit: 500))
    self.sample = sample
    self.times = times
    self.timeline = timeline
    self.context = context
    self.baseline = baseline
    segments = times.segments.map {
      Segment(name: $0.name, span: $0.span, typical: baseline.typical($0.name))
    }
    replay = CPUReplay(track, window: sample.window, comms: timeline.comms)
    events = track.events(in: sample.window)
    if case .stack(let frames) = times.stackEvent?.payload {
      interrupted = InterruptedCode(stack: frames, task: times.wakingEvent?.pid ?? 0)
    }
    if let change = times.switchedEvent, case .switched(let switched) = change.payload {
      priority = switched.nextPriority
    } else if let waking = times.wakingEvent, case .waking(let wake) = waking.payload {
      priority = wake.priority
    } else {
      priority = KernelPriority(policy: sample.policy ?? .other, priority: sample.priority)
    }
    gaps = timeline.cpus.flatMap { track in
      track.gaps.filter { $0.span.start < sample.wake && $0.span.end > sample.expiry }
    }
  }

  /// The CPU whose replay explains the wake-up.
  public var cpu: Int { events.first?.cpu ?? times.switchedEvent?.cpu ?? sample.cpu }

  /// A segment's span.
  public func span(_ name: Segment.Name) -> TimeSpan {
    segments.first { $0.name == name }?.span ?? TimeSpan(sample.wake, sample.wake)
  }

  /// From being on the run queue to having the CPU: the schedule segment, the enqueue segment included.
  public var waiting: TimeSpan { TimeSpan(span(.enqueue).start, span(.schedule).end) }

  /// From having the CPU to the sample.
  public var afterSwitch: TimeSpan { TimeSpan(span(.return).start, span(.clockRead).end) }

  /// The events of the CPU in `span`.
  public func events(in span: TimeSpan) -> ArraySlice<TraceEvent> {
    var low = events.startIndex
    while low < events.endIndex, events[low].time < span.start { low += 1 }
    var high = low
    while high < events.endIndex, events[high].time < span.end { high += 1 }
    return events[low..<high]
  }

  /// Whether the thread asked for preemption (need-resched set) in `span` and did not get it.
  public func needReschedPending(in span: TimeSpan) -> TraceEvent? {
    events(in: span).first { $0.context.needResched && $0.time < span.end }
  }

  /// Stretches of at least `minimum` in `span` in which no event was written on the CPU; where events were lost
  /// nothing is known, and no stretch is one of silence.
  public func silences(in span: TimeSpan, minimum: Nanoseconds) -> [TimeSpan] {
    var found: [TimeSpan] = []
    var last = span.start
    for event in events(in: span) {
      if event.time - last >= minimum { found.append(TimeSpan(last, event.time)) }
      last = max(last, event.time)
    }
    if span.end - last >= minimum { found.append(TimeSpan(last, span.end)) }
    let lost = timeline[cpu: cpu]?.gaps ?? []
    return found.filter { silence in
      !lost.contains { $0.span.start < silence.end && $0.span.end > silence.start }
    }
  }

  /// Whether the events of `name` (`system:event`) were recorded, as far as that is known.
  public func recorded(_ name: String) -> Bool { context.enabledEvents?.contains(name) ?? true }

  /// Growth of the steal time of the CPU around the spike.
  public var steal: Nanoseconds { context.steal[cpu] ?? .zero }

  /// What is worth a finding: a tenth of the latency, at least 2 us.
  public var floor: Nanoseconds {
    max(Nanoseconds(microseconds: 2), Nanoseconds(sample.latency.count / 10))
  }
}

extension CPUTimeline {
  /// The events in `span` (both ends included), found by binary search.
  public func events(in span: TimeSpan) -> ArraySlice<TraceEvent> {
    func bound(_ test: (TraceEvent) -> Bool) -> Int {
      var low = 0
      var high = events.count
      while low < high {
        let middle = (low + high) / 2
        if test(events[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let low = bound { $0.time >= span.start }
    let high = bound { $0.time > span.end }
    return events[low..<max(low, high)]
  }
}
