internal import Analysis
internal import Report
internal import TraceFile
internal import TraceModel

/// The section that irqsoff, preemptoff, preemptirqsoff or a wakeup tracer recorded: the window
/// without any sample.
struct SectionWindow {
  var derived: DerivedSample
  /// How long the section was.
  var length: Nanoseconds { derived.sample.latency }

  static let tracers: Set<String> = ["irqsoff", "preemptoff", "preemptirqsoff"]

  /// Reads the section of a text with a latency header; nil where there is none.
  init?(_ source: TraceSource) {
    guard case .text(let text) = source.body, let latency = text.header.latency,
      latency.latency > .zero
    else { return nil }
    let tracer = text.header.tracer
    let isWakeup = tracer.hasPrefix("wakeup")
    guard isWakeup || Self.tracers.contains(tracer) else { return nil }
    // A header may name another CPU than the lines.
    let named = latency.cpu.flatMap { text.timeline[cpu: $0] }
    guard let track = named ?? text.timeline.cpus.first, let first = track.events.first else {
      return nil
    }
    let cpu = track.cpu
    var timeline = text.timeline
    let wakeup = isWakeup ? TracedWakeup(timeline, header: latency) : nil
    let place = SectionPlace(
      track.events, latency: latency.latency, isWakeup: isWakeup, begin: wakeup?.begin)
    let span = place.span
    let cuts = SectionCuts(text, track: track, place: place)
    if !place.lacksBegin {
      for index in timeline.cpus.indices {
        timeline.cpus[index].oldest = min(timeline.cpus[index].oldest ?? span.start, span.start)
      }
    }
    cuts.mark(&timeline, cpu: cpu)
    if let wakeup { timeline = wakeup.schedulerEvents(timeline) }
    let task = latency.task ?? wakeup?.task ?? timeline.task(first.pid)
    let sample = WakeupSample(
      cpu: cpu, task: task, policy: latency.policy.flatMap { SchedulingPolicy(number: $0) },
      priority: latency.realtimePriority ?? 0, sequence: 0, expiry: span.start, wake: span.end,
      threshold: nil, source: .tracer)
    derived = DerivedSample(
      sample: sample, timeline: timeline,
      derivation: ([
        "section of the tracer \(tracer)", "\(isWakeup ? "woken task" : "task") \(task.text)",
      ]
        + cuts.notes).joined(separator: "; "))
    var section = TracerSection(
      tracer: tracer, cpu: cpu, start: span.start, length: span.length,
      startFunction: latency.startedAt, endFunction: latency.endedAt)
    section.task = TracerSection.Task(pid: task.pid, comm: task.comm)
    derived.section = section
    var measured = section.latencySection
    if isWakeup { measured.endStack = wakeup?.endStack ?? [] }
    derived.measured = measured
    if !isWakeup { derived.subject = .section(measured) }
  }
}

/// Where a latency tracer's section lies among its lines.
struct SectionPlace {
  /// The section, of the length that its header reports.
  var span: TimeSpan
  /// Whether lines at its end are missing: the window is then placed from its begin.
  var lacksEnd = false
  /// Whether the lines of its begin are missing: the ring buffer overwrote them.
  var lacksBegin = false
  /// Of the lines in the section the last one.
  var last: TraceEvent?

  /// - Parameters:
  ///   - events: The lines of the section's CPU, at least one.
  ///   - latency: The length by the header.
  ///   - isWakeup: Whether it is the tracer of a wakeup.
  ///   - begin: The line with which it is known to begin.
  init(
    _ events: [TraceEvent], latency: Nanoseconds, isWakeup: Bool, begin: TraceEvent? = nil
  ) {
    let first = begin ?? events.first
    let start = first?.time ?? .zero
    // A line of the end is late by what the tracer itself takes; stamps are relative to the
    // section's begin.
    let slack = max(Nanoseconds(latency.count / 10), Nanoseconds(microseconds: 20))
    if let first, begin == nil, first.time > slack, first.time < latency {
      lacksBegin = true
    }
    // The tracer's own line and the stack come after the section.
    let tail = isWakeup ? nil : Self.tail(events)
    let inside = events.last { if case .stack = $0.payload { false } else { true } }
    last = tail.map { events[$0 - 1] } ?? inside ?? events.last
    if lacksBegin {
      span = TimeSpan(.zero, latency)
      lacksEnd = (last?.time ?? .zero) + slack < latency
      return
    }
    var end = start + latency
    lacksEnd = (events.last?.time ?? start) + slack < end
    if let tail {
      end = events[tail - 1].time
      lacksEnd = end + slack < start + latency
    } else if let last = events.last, last.time < end {
      end = last.time
    }
    span =
      lacksEnd || begin != nil
      ? TimeSpan(start, start + latency) : TimeSpan(end - latency, end)
  }

  /// The line in which the tracer itself says that the section has ended: only stacks follow.
  private static func tail(_ events: [TraceEvent]) -> Int? {
    let place = events.lastIndex { event in
      guard case .other(let other) = event.payload, other.name == "function" else { return false }
      let function = other.fields.first { $0.name == "ip" }?.value ?? ""
      return LatencySection.isTracersEnd(function)
    }
    guard let place, place > 0 else { return nil }
    let behind = events[(place + 1)...].count {
      if case .stack = $0.payload { false } else { true }
    }
    return behind <= 1 ? place : nil
  }
}
