internal import Analysis
internal import Report
internal import TraceFile
internal import TraceModel

/// The section that irqsoff, preemptoff, preemptirqsoff or a wakeup tracer recorded: the window without any sample.
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
    guard let track = named ?? text.timeline.cpus.first else { return nil }
    let cpu = track.cpu
    let events = track.events
    guard let first = events.first, let last = events.last else { return nil }
    // The tracer's own line and the stack come after the section.
    let tail = events.lastIndex { event in
      guard case .other(let other) = event.payload, other.name == "function" else { return false }
      let function = other.fields.first { $0.name == "ip" }?.value ?? ""
      return function.hasPrefix("tracer_hardirqs_on") || function.hasPrefix("tracer_preempt_on")
    }
    var end = first.time + latency.latency
    if let tail, tail > 0 {
      end = events[tail - 1].time
    } else if last.time < end {
      end = last.time
    }
    let span = TimeSpan(end - latency.latency, end)
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
    var section = TracerSection(
      tracer: tracer, cpu: cpu, start: span.start, length: span.length,
      startFunction: latency.startedAt, endFunction: latency.endedAt)
    section.task = TracerSection.Task(pid: task.pid, comm: task.comm)
    derived.section = section
    if !isWakeup { derived.subject = .section(section.latencySection) }
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
}
