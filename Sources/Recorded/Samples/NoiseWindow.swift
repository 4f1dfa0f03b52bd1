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
      // Without the scheduler's events the tracer's lines replace them.
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
    let handled = lines.last {
      $0.0 == interrupt && $0.1.fields.contains { $0.name == "context" && $0.value == "irq" }
    }
    addNoises(
      to: &events, from: expiry, until: event.time,
      timer: handled.map { expiry + Nanoseconds(number($0.1, "timer_latency") ?? 0) })
    var changed = timeline
    var made: Set<TraceEvent> = []
    if let index = changed.cpus.firstIndex(where: { $0.cpu == event.cpu }) {
      // A stack is only given its own time.
      made = Set(events).subtracting(timeline.cpus[index].events).filter {
        if case .stack = $0.payload { false } else { true }
      }
      changed.cpus[index] = CPUTimeline(
        cpu: event.cpu, events: events, gaps: timeline.cpus[index].gaps,
        oldest: timeline.cpus[index].oldest)
    }
    let sample = WakeupSample(
      cpu: event.cpu, task: thread, policy: .fifo, priority: 95,
      sequence: UInt64(clamping: sequence ?? 0), expiry: expiry, wake: event.time, threshold: nil,
      source: .tracer)
    var derived = DerivedSample(
      sample: sample, timeline: changed,
      derivation: "timerlat \(isThread ? "thread" : "IRQ") latency of cycle "
        + "\(sequence ?? 0), line \(event.position)")
    derived.made = made
    return NoiseWindow(derived)
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

  /// timerlat prints the stack of the interrupted code after the thread has run: it belongs to the
  /// wakeup.
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
    // It was taken in the interrupt.
    moved.context = events[index].context
    events.insert(moved, at: index + 1)
  }

  /// The osnoise events of the window as entries and exits of what they measured, where the trace
  /// has none of these.
  ///
  /// `timer` is when timerlat's own handler read the clock: the interrupt that holds it begins
  /// there for the sample, and what lies before is the delay of the handler.
  private static func addNoises(
    to events: inout [TraceEvent], from start: Nanoseconds, until end: Nanoseconds,
    timer: Nanoseconds?
  ) {
    let window = TimeSpan(start, end)
    let hasOwn = events.contains { event in
      guard window.contains(event.time) else { return false }
      switch event.payload {
      case .irqEntry, .vectorEntry, .softirqEntry: return true
      default: return false
      }
    }
    guard !hasOwn else { return }
    var added: [TraceEvent] = []
    for event in events {
      guard case .other(let other) = event.payload, noises.contains(other.name),
        let span = noiseSpan(event, other), span.start < end, span.end > start
      else { continue }
      var begin = span.start
      if let timer, span.contains(timer) { begin = timer }
      guard let pair = payloads(other, span.length) else { continue }
      var flags = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
      if other.name == "softirq_noise" { flags = EventContext.Bit.softIRQ }
      func add(_ time: Nanoseconds, _ payload: EventPayload) {
        added.append(
          TraceEvent(
            time: time, cpu: event.cpu, pid: event.pid,
            context: EventContext(flags: flags, preemptCount: event.context.preemptCount),
            payload: payload, position: event.position))
      }
      if let entry = pair.entry { add(begin, entry) }
      add(span.end, pair.exit)
    }
    guard !added.isEmpty else { return }
    events = (added + events).enumerated().sorted {
      ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
    }.map(\.element)
  }

  /// The events that a noise stands for; nil for a thread's, whose switches are not in it.
  private static func payloads(
    _ other: OtherEvent, _ duration: Nanoseconds
  ) -> (entry: EventPayload?, exit: EventPayload)? {
    let text = other.fields.first { $0.name == "desc" }?.value ?? ""
    let colon = text.lastIndex(of: ":")
    let name = colon.map { String(text[..<$0]) } ?? text
    let number = colon.flatMap { Int32(text[text.index(after: $0)...]) } ?? -1
    switch other.name {
    case "irq_noise" where vectors.contains(name):
      return (
        .vectorEntry(name: name, vector: number), .vectorExit(name: name, vector: number)
      )
    case "irq_noise":
      return (.irqEntry(irq: number, handler: name), .irqExit(irq: number, handled: true))
    case "softirq_noise":
      guard let vector = UInt32(exactly: number) else { return nil }
      return (.softirqEntry(vector: vector), .softirqExit(vector: vector))
    case "nmi_noise":
      return (
        nil,
        .nmi(
          handler: CodeLocation(address: 0, symbol: name.isEmpty ? "nmi" : name), duration: duration
        )
      )
    default: return nil
    }
  }

  /// The vectors of x86 that have no interrupt number, as osnoise names them.
  private static let vectors: Set<String> = [
    "local_timer", "reschedule", "call_function", "call_function_single", "irq_work",
    "x86_platform_ipi", "thermal_apic", "threshold_apic", "error_apic", "spurious_apic",
    "deferred_error_apic",
  ]

  // MARK: osnoise and hwlat

  private static let noises: Set<String> = [
    "irq_noise", "softirq_noise", "nmi_noise", "thread_noise",
  ]

  private static func osnoise(_ timeline: Timeline) -> NoiseWindow? {
    if let sample = sample(timeline) { return sample }
    let single = lines(noises, timeline).max {
      (number($0.1, "duration") ?? 0) < (number($1.1, "duration") ?? 0)
    }
    if let (event, other) = single, let duration = number(other, "duration"), duration >= 1_000 {
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

  /// The longest sample of osnoise's thread, with the noises that its time holds.
  private static func sample(_ timeline: Timeline) -> NoiseWindow? {
    let found = lines(["sample_threshold"], timeline).max {
      (number($0.1, "duration") ?? 0) < (number($1.1, "duration") ?? 0)
    }
    guard let (event, other) = found, let duration = number(other, "duration"), duration > 0,
      let start = time(other, "start")
    else { return nil }
    let span = TimeSpan(start, start + Nanoseconds(duration))
    let events = timeline[cpu: event.cpu]?.events ?? []
    // What nests in another one comes first.
    let order = ["nmi_noise", "irq_noise", "softirq_noise", "thread_noise"]
    var parts: [NoisePart] = []
    for name in order {
      for noise in events {
        guard case .other(let line) = noise.payload, line.name == name,
          let whole = noiseSpan(noise, line)?.clipped(to: span)
        else { continue }
        let kind = kind(line)
        parts.append(
          NoisePart(kind, span: whole, event: noise, notes: works(of: kind, in: whole, events)))
      }
    }
    var window = window(
      .sample(parts), event, length: Nanoseconds(duration), timeline: timeline,
      derivation: "the longest sample of osnoise, line \(event.position)")
    window.derived.sample.expiry = span.start
    window.derived.sample.wake = span.end
    return window
  }

  /// From when to when a noise ran, what nests in it included: its event is written at its end.
  private static func noiseSpan(_ event: TraceEvent, _ other: OtherEvent) -> TimeSpan? {
    guard let start = time(other, "start"), let duration = number(other, "duration"), duration > 0
    else { return nil }
    let end = start + Nanoseconds(duration)
    return TimeSpan(start, other.name == "thread_noise" ? max(end, event.time) : end)
  }

  /// A field `SECONDS.NANOSECONDS`.
  private static func time(_ other: OtherEvent, _ name: String) -> Nanoseconds? {
    guard let text = other.fields.first(where: { $0.name == name })?.value else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let seconds = Int64(parts[0]), parts[1].utf8.count <= 9,
      var fraction = Int64(parts[1]), fraction >= 0
    else { return nil }
    for _ in parts[1].utf8.count..<9 { fraction *= 10 }
    return Nanoseconds(microseconds: seconds) * 1_000_000 + Nanoseconds(fraction)
  }

  /// The work items that a thread began meanwhile, the longest first.
  private static func works(
    of kind: NoiseSample.Kind, in span: TimeSpan, _ events: [TraceEvent]
  ) -> [TraceEvent] {
    guard case .thread(let task) = kind else { return [] }
    var found: [(event: TraceEvent, length: Nanoseconds)] = []
    for event in events where event.pid == task.pid && event.time <= span.end {
      switch event.payload {
      case .workStart: found.append((event, span.end - event.time))
      case .workEnd:
        guard let last = found.indices.last else { continue }
        found[last].length = event.time - max(found[last].event.time, span.start)
      default: continue
      }
    }
    // What had ended before is not there.
    return found.filter { $0.event.time + $0.length > span.start && $0.length > .zero }
      .sorted { $0.length > $1.length }.prefix(2).map(\.event)
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
    // The NMIs of a look explain its gap only if they took most of it.
    let total = number(other, "nmi-total") ?? .max
    let nmis = total >= length(other) / 2 ? number(other, "nmi-count") ?? 0 : 0
    return window(
      .gap(nmis: nmis), event,
      length: Nanoseconds(microseconds: length(other)), timeline: timeline,
      derivation: "the longest latency of hwlat, line \(event.position)")
  }

  /// The thread that measured, which is the one that was kept from running: whoever made the noise
  /// writes its line.
  private static func victim(_ event: TraceEvent, _ timeline: Timeline) -> TaskIdentity {
    let name = "osnoise/\(event.cpu)"
    let writer = timeline.task(event.pid)
    if case .other(let other) = event.payload, !noises.contains(other.name) { return writer }
    if let known = timeline.comms.filter({ $0.value == name }).keys.min() {
      return TaskIdentity(pid: known, comm: name)
    }
    return TaskIdentity(pid: -1, comm: name)
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
      cpu: event.cpu, task: victim(event, timeline), policy: nil, priority: 0, sequence: 0,
      expiry: span.start, wake: span.end, threshold: nil, source: .tracer)
    var derived = DerivedSample(sample: sample, timeline: timeline, derivation: derivation)
    derived.subject = .noise(NoiseSample(kind, event: event))
    return NoiseWindow(derived)
  }
}
