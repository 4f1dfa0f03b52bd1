internal import Analysis
internal import Report
internal import TraceFile
internal import TraceModel

/// The section that irqsoff, preemptoff, preemptirqsoff or a wakeup tracer recorded: the window without any sample.
struct SectionWindow {
  var derived: DerivedSample
  /// What the tracer's lines show; nil where the events decide (wakeup tracers).
  var finding: Finding?
  /// The section for the report.
  var section: TracerSection

  static let tracers: Set<String> = ["irqsoff", "preemptoff", "preemptirqsoff"]

  /// Reads the section of a text with a latency header; nil where there is none.
  init?(_ source: TraceSource) {
    guard case .text(let text) = source.body, let latency = text.header.latency,
      latency.latency > .zero
    else { return nil }
    let tracer = text.header.tracer
    let isWakeup = tracer.hasPrefix("wakeup")
    guard isWakeup || Self.tracers.contains(tracer) else { return nil }
    let cpu = latency.cpu ?? text.timeline.cpus.first?.cpu ?? 0
    let events = text.timeline[cpu: cpu]?.events ?? text.timeline.cpus.first?.events ?? []
    guard let first = events.first, let last = events.last else { return nil }
    // The tracer's own line and the stack stand behind the section.
    let tail = events.lastIndex { event in
      let call = SectionFunctions.call(event)
      return call?.function == "tracer_hardirqs_on" || call?.function == "tracer_preempt_on"
    }
    var end = first.time + latency.latency
    if let tail, tail > 0 {
      end = events[tail - 1].time
    } else if last.time < end {
      end = last.time
    }
    let span = TimeSpan(end - latency.latency, end)
    let inside = events.filter {
      $0.time >= span.start - Nanoseconds(microseconds: 2) && $0.time <= span.end
    }
    var timeline = text.timeline
    for index in timeline.cpus.indices {
      timeline.cpus[index].oldest = min(timeline.cpus[index].oldest ?? span.start, span.start)
    }
    if isWakeup { timeline = Self.schedulerEvents(timeline) }
    let task = latency.task ?? timeline.task(first.pid)
    let sample = WakeupSample(
      cpu: cpu, task: task, policy: latency.policy.flatMap { SchedulingPolicy(number: $0) },
      priority: latency.realtimePriority ?? 0, sequence: 0, expiry: span.start, wake: span.end,
      threshold: nil, source: .tracer)
    derived = DerivedSample(
      sample: sample, timeline: timeline,
      derivation:
        "section of the tracer \(tracer); \(isWakeup ? "woken task" : "task") \(task.text)")
    section = TracerSection(
      tracer: tracer, cpu: cpu, start: span.start, length: span.length,
      startFunction: latency.startedAt, endFunction: latency.endedAt)
    if isWakeup {
      finding = Self.interruptShare(inside, span: span, task: task)
    } else {
      finding = Self.finding(
        tracer: tracer, header: latency, span: span, events: inside, all: events, task: task)
    }
  }

  /// The lines of the wakeup tracers are the scheduler's events in another form.
  private static func schedulerEvents(_ timeline: Timeline) -> Timeline {
    var result = timeline
    for cpu in result.cpus.indices {
      for index in result.cpus[cpu].events.indices {
        guard case .other(let other) = result.cpus[cpu].events[index].payload,
          other.system == "ftrace", other.name == "wakeup" || other.name == "context_switch"
        else { continue }
        func value(_ name: String) -> String {
          other.fields.first { $0.name == name }?.value ?? ""
        }
        guard let nextPid = Int32(value("next_pid")), let nextPriority = Int32(value("next_prio")),
          let pid = Int32(value("prev_pid")), let priority = Int32(value("prev_prio"))
        else { continue }
        let next = TaskIdentity(pid: nextPid, comm: value("next_comm"))
        let isWakeup = other.name == "wakeup"
        result.cpus[cpu].events[index].payload =
          isWakeup
          ? .waking(
            WakeEvent(
              task: next, priority: KernelPriority(nextPriority),
              targetCPU: Int(value("next_cpu")) ?? result.cpus[cpu].cpu))
          : .switched(
            SwitchEvent(
              previous: timeline.task(pid), previousPriority: KernelPriority(priority),
              previousState: value("prev_state").hasPrefix("R")
                ? .runnable : .blocked(value("prev_state")),
              next: next, nextPriority: KernelPriority(nextPriority)))
      }
    }
    return result
  }

  /// A wake-up in an interrupt: where the interrupt itself took most of the way to the switch, it is the cause.
  private static func interruptShare(
    _ events: [TraceEvent], span: TimeSpan, task: TaskIdentity
  ) -> Finding? {
    var spans: [TimeSpan] = []
    for (index, event) in events.enumerated() where event.context.inHardIRQ {
      let end = index + 1 < events.count ? events[index + 1].time : span.end
      if let part = TimeSpan(event.time, end).clipped(to: span) { spans.append(part) }
    }
    let time = spans.reduce(Nanoseconds.zero) { $0 + $1.length }
    guard time * 2 >= span.length, let first = events.first else { return nil }
    var entry = ""
    for event in events {
      if case .stack(let frames) = event.payload,
        let frame = frames.first(where: { KernelNames.isInterruptEntry($0.symbol) })
      {
        entry = KernelNames.vector(frame.symbol)
        break
      }
      if case .vectorExit(let name, _) = event.payload { entry = name }
    }
    let last = events.last { $0.context.inHardIRQ } ?? first
    return Finding(
      .hardIRQ, name: entry, confidence: .likely, spans: spans,
      evidence: [
        Evidence(first, note: "wakes \(task.text) in an interrupt"),
        Evidence(last, note: "last line in the interrupt"),
      ],
      nextStep:
        "The interrupt that woke \(task.text) went on for \(time.microseconds) us; part of it is "
        + "what the tracer's own lines and stacks cost.")
  }

  private static func finding(
    tracer: String, header: LatencyHeader, span: TimeSpan, events: [TraceEvent],
    all: [TraceEvent], task: TaskIdentity
  ) -> Finding {
    let functions = SectionFunctions(events)
    let first = functions.calls.first
    let started = SectionFunctions.bare(header.startedAt)
    let begin = [first?.function ?? "", first?.caller ?? "", started]
    let isInterrupt = begin.contains(where: KernelNames.isInterruptEntry)
    var isIRQsOff = tracer == "irqsoff"
    if tracer == "preemptirqsoff" {
      isIRQsOff = (events.first { $0.time > span.start } ?? events.first)?.context.irqsOff ?? true
    }
    var name = functions.dominant(in: span) ?? ""
    var culprit: CulpritClass = isIRQsOff ? .irqsOff : .preemptOff
    if isInterrupt, name.isEmpty || isIRQsOff, let handler = handler(events, begin) {
      culprit = .hardIRQ
      name = handler
    }
    if name.isEmpty {
      var stack: [String] = []
      if case .stack(let frames) = all.last(where: {
        if case .stack = $0.payload { true } else { false }
      })?.payload {
        stack = frames.map { SectionFunctions.bare($0.symbol) }
      }
      let candidates =
        begin + [SectionFunctions.bare(header.endedAt)]
        + functions.calls.suffix(2).flatMap { [$0.function, $0.caller] } + stack
      name =
        candidates.first { !$0.isEmpty && !KernelNames.isHelper($0) && $0 != "0" }
        ?? candidates.first { !$0.isEmpty } ?? ""
      if begin.allSatisfy({ $0.isEmpty || KernelNames.isScheduler($0) }), !started.isEmpty {
        culprit = .schedulerOverhead
        name = started
      }
    }
    var evidence = [
      Evidence(
        source: tracer,
        text: "latency \(header.latency.microseconds) us, started at \(header.startedAt), "
          + "ended at \(header.endedAt), task \(task.text)", cpu: header.cpu)
    ]
    if let event = events.first { evidence.append(Evidence(event, note: "begin")) }
    if let event = events.last, events.count > 1 { evidence.append(Evidence(event, note: "end")) }
    let what = isIRQsOff ? "interrupts" : "preemption"
    var next =
      "Shorten what \(name.isEmpty ? "the section" : name) does with \(what) off, or report it."
    // A line costs about a microsecond while interrupts are off.
    let isInflated =
      Int64(functions.calls.count) * 4_000 > span.length.count && functions.calls.count > 20
    if isInflated {
      next += " Function tracing makes such sections longer: measure again with function-trace off."
    }
    return Finding(
      culprit, name: name, confidence: culprit == .hardIRQ || isInflated ? .likely : .proven,
      spans: [span], evidence: evidence, nextStep: next)
  }

  /// The interrupt that ran in the section: by its events, else by its entry function.
  private static func handler(_ events: [TraceEvent], _ begin: [String]) -> String? {
    for event in events {
      switch event.payload {
      case .irqEntry(let irq, let handler): return Occupant.irq(number: irq, handler: handler).name
      case .vectorEntry(let name, _): return name
      default: continue
      }
    }
    let entry = begin.first { $0.hasPrefix("sysvec_") || $0.hasPrefix("asm_sysvec_") }
    return entry.map(KernelNames.vector) ?? begin.first(where: KernelNames.isInterruptEntry)
  }
}
