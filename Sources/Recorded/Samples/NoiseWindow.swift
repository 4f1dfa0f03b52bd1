internal import Analysis
internal import TraceFile
internal import TraceModel

/// What the timerlat, osnoise and hwlat tracers say: their worst line is the window.
struct NoiseWindow {
  var derived: DerivedSample

  /// Reads the lines of a text; nil where none of these tracers wrote any.
  init?(_ source: TraceSource, threshold: Nanoseconds?) {
    guard case .text(let text) = source.body else { return nil }
    if let found = Self.timerlat(text.timeline) {
      self = found
    } else if let found = Self.osnoise(text.timeline) ?? Self.hardware(text.timeline) {
      self = found
    } else {
      return nil
    }
    derived.sample.threshold = threshold
  }

  private init(_ derived: DerivedSample) { self.derived = derived }

  private static func lines(_ names: Set<String>, _ timeline: Timeline) -> [(
    TraceEvent, OtherEvent
  )] {
    timeline.cpus.flatMap(\.events).compactMap { event in
      guard case .other(let other) = event.payload, names.contains(other.name) else { return nil }
      return (event, other)
    }
  }

  private static func number(_ other: OtherEvent, _ name: String) -> Int64? {
    other.fields.first { $0.name == name }.flatMap { Int64($0.value) }
  }

  // MARK: timerlat

  private static func timerlat(_ timeline: Timeline) -> NoiseWindow? {
    let lines = lines(["timer_latency"], timeline).sorted { $0.0.time < $1.0.time }
    guard
      let worst = lines.max(by: {
        (number($0.1, "timer_latency") ?? 0) < (number($1.1, "timer_latency") ?? 0)
      }), let latency = number(worst.1, "timer_latency"), latency > 0
    else { return nil }
    let (event, other) = worst
    let isThread = other.fields.contains { $0.name == "context" && $0.value == "thread" }
    let expiry = event.time - Nanoseconds(latency)
    var events = timeline[cpu: event.cpu]?.events ?? []
    let thread =
      isThread
      ? timeline.task(event.pid)
      : events.lazy.compactMap { timerThread($0, timeline) }.first
        ?? TaskIdentity(pid: -1, comm: "timerlat/\(event.cpu)")
    // The line of the interrupt of the same cycle.
    let sequence = number(other, "seqnum")
    let interrupt =
      isThread
      ? lines.last {
        $0.0.cpu == event.cpu && $0.0.time <= event.time && number($0.1, "seqnum") == sequence
          && $0.1.fields.contains { $0.name == "context" && $0.value == "irq" }
      }?.0 : event
    let wokenAfter = interrupt?.time ?? expiry
    let wasWoken = events.contains {
      if case .waking(let wake) = $0.payload {
        return wake.task.pid == thread.pid && $0.time >= wokenAfter && $0.time <= event.time
      }
      return false
    }
    if !wasWoken, let interrupt {
      // Without the scheduler's events the tracer's lines stand for them.
      var waking = interrupt
      waking.payload = .waking(
        WakeEvent(task: thread, priority: KernelPriority(4), targetCPU: event.cpu))
      insert(waking, behind: interrupt, &events)
      if isThread {
        var switched = event
        switched.pid = interrupt.pid
        switched.payload = .switched(
          SwitchEvent(
            previous: timeline.task(interrupt.pid), previousPriority: KernelPriority(120),
            previousState: .preempted, next: thread, nextPriority: KernelPriority(4)))
        if let index = events.firstIndex(of: event) { events.insert(switched, at: index) }
      }
    }
    moveStack(&events, sample: event, thread: thread.pid, since: wokenAfter)
    var changed = timeline
    if let index = changed.cpus.firstIndex(where: { $0.cpu == event.cpu }) {
      changed.cpus[index] = CPUTimeline(
        cpu: event.cpu, events: events, gaps: timeline.cpus[index].gaps,
        oldest: timeline.cpus[index].oldest)
    }
    let sample = WakeupSample(
      cpu: event.cpu, task: thread, policy: .fifo, priority: 95,
      sequence: UInt64(clamping: sequence ?? 0), expiry: expiry, wake: event.time, threshold: nil,
      source: .tracer)
    return NoiseWindow(
      DerivedSample(
        sample: sample, timeline: changed,
        derivation: "timerlat's \(isThread ? "thread" : "irq") latency of cycle "
          + "\(sequence ?? 0), line \(event.position)"))
  }

  private static func timerThread(_ event: TraceEvent, _ timeline: Timeline) -> TaskIdentity? {
    if case .waking(let wake) = event.payload, wake.task.comm.hasPrefix("timerlat") {
      return wake.task
    }
    if case .other(let other) = event.payload, other.name == "timer_latency",
      other.fields.contains(where: { $0.value == "thread" })
    {
      return timeline.task(event.pid)
    }
    return nil
  }

  private static func insert(
    _ event: TraceEvent, behind other: TraceEvent, _ events: inout [TraceEvent]
  ) {
    guard let index = events.lastIndex(of: other) else { return }
    events.insert(event, at: index + 1)
  }

  /// timerlat prints the stack of the interrupted code after the thread has run: it belongs to the wake-up.
  private static func moveStack(
    _ events: inout [TraceEvent], sample: TraceEvent, thread: Int32, since: Nanoseconds
  ) {
    guard
      let stack = events.first(where: {
        if case .stack(let frames) = $0.payload {
          return $0.time >= sample.time && frames.contains { $0.symbol == "timerlat_irq" }
        }
        return false
      }), stack.time - sample.time < Nanoseconds(microseconds: 1_000),
      let index = events.lastIndex(where: {
        if case .waking(let wake) = $0.payload {
          return wake.task.pid == thread && $0.time >= since && $0.time <= sample.time
        }
        return false
      })
    else { return }
    var moved = stack
    moved.time = events[index].time
    moved.pid = events[index].pid
    events.insert(moved, at: index + 1)
  }

  // MARK: osnoise and hwlat

  private static func osnoise(_ timeline: Timeline) -> NoiseWindow? {
    let names: Set<String> = ["irq_noise", "softirq_noise", "nmi_noise", "thread_noise"]
    let single = lines(names, timeline).max {
      (number($0.1, "duration") ?? 0) < (number($1.1, "duration") ?? 0)
    }
    if let (event, other) = single, let duration = number(other, "duration"), duration > 0 {
      return window(
        kind(other), event, length: Nanoseconds(duration), timeline: timeline,
        derivation: "the longest noise of osnoise, line \(event.position)")
    }
    let summary = lines(["osnoise"], timeline).max {
      (number($0.1, "max_sample") ?? 0) < (number($1.1, "max_sample") ?? 0)
    }
    guard let (event, other) = summary, let longest = number(other, "max_sample"), longest > 0
    else { return nil }
    let counts: [(String, CulpritClass)] = [
      ("hw_count", .hardwareStall), ("nmi_count", .nmi), ("irq_count", .hardIRQ),
      ("softirq_count", .softirq), ("thread_count", .runQueue),
    ]
    let seen = counts.filter { (number(other, $0.0) ?? 0) > 0 }.map(\.1)
    return window(
      .summary(Set(seen)), event, length: Nanoseconds(microseconds: longest), timeline: timeline,
      derivation: "the longest single noise of osnoise, line \(event.position)")
  }

  /// What one noise was, by its event.
  private static func kind(_ other: OtherEvent) -> NoiseSample.Kind {
    func field(_ name: String) -> String {
      other.fields.first { $0.name == name }?.value ?? ""
    }
    switch other.name {
    case "irq_noise": return .interrupt(field("desc"))
    case "softirq_noise": return .softirq(field("desc"))
    case "nmi_noise": return .nmi
    default:
      return .thread(TaskIdentity(pid: Int32(field("pid")) ?? -1, comm: field("comm")))
    }
  }

  private static func hardware(_ timeline: Timeline) -> NoiseWindow? {
    let found = lines(["hwlat"], timeline).max { length($0.1) < length($1.1) }
    guard let (event, other) = found, length(other) > 0 else { return nil }
    return window(
      .gap(nmis: number(other, "nmi-count") ?? 0), event,
      length: Nanoseconds(microseconds: length(other)), timeline: timeline,
      derivation: "the longest latency of hwlat, line \(event.position)")
  }

  private static func length(_ other: OtherEvent) -> Int64 {
    max(number(other, "duration") ?? 0, number(other, "outer_duration") ?? 0)
  }

  private static func window(
    _ kind: NoiseSample.Kind, _ event: TraceEvent, length: Nanoseconds, timeline: Timeline,
    derivation: String
  ) -> NoiseWindow {
    let span = TimeSpan(event.time - length, event.time)
    let sample = WakeupSample(
      cpu: event.cpu, task: timeline.task(event.pid), policy: nil, priority: 0, sequence: 0,
      expiry: span.start, wake: span.end, threshold: nil, source: .tracer)
    var derived = DerivedSample(sample: sample, timeline: timeline, derivation: derivation)
    derived.subject = .noise(NoiseSample(kind, event: event))
    return NoiseWindow(derived)
  }
}
