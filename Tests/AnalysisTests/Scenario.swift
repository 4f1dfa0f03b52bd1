import Testing
import Analysis
import TraceModel

typealias Actor = (pid: Int32, comm: String, prio: Int32)

/// A spike made by hand whose cause is known.
struct Scenario: CustomTestStringConvertible, Sendable {
  var culprit: CulpritClass
  var name: String
  var confidence: Confidence
  var timeline: Timeline
  var sample: WakeupSample
  var context: SystemContext
  var sections: [LatencySection] = []
  var subject = SpikeSubject.wakeup

  var testDescription: String { culprit.rawValue }

  var analysis: SpikeAnalysis {
    Analyzer(context: context).explain(
      sample, in: timeline, sections: sections, subject: subject)
  }

  init(
    _ culprit: CulpritClass, _ name: String, _ confidence: Confidence, expiry: Double = 900,
    wake: Double, normal: Bool = false, comm: String = "measure",
    model: SystemContext.PreemptionModel? = SystemContext.PreemptionModel.none,
    sections: [LatencySection] = [],
    context change: (inout SystemContext) -> Void = { _ in },
    _ fill: (inout TimelineBuilder, inout TimelineBuilder) -> Void
  ) {
    self.culprit = culprit
    self.name = name
    self.confidence = confidence
    var own = TimelineBuilder()
    var other = TimelineBuilder()
    other.cpu = 0
    fill(&own, &other)
    timeline = Timeline(cpus: [own, other].flatMap(\.timeline.cpus), clock: "mono")
    for event in own.events + other.events {
      guard case .switched(let change) = event.payload else { continue }
      for task in [change.previous, change.next] { timeline.comms[task.pid] = task.comm }
    }
    sample = TimelineBuilder.sample(
      expiry: expiry, wake: wake, policy: normal ? .other : .fifo, priority: normal ? 0 : 80)
    sample.task.comm = comm
    context = SystemContext()
    context.preemption = model
    // A machine that was looked at: only what is in the trace can have stopped it.
    context.platform = .bareMetal
    context.smiCount = 0
    context.architecture = "x86_64"
    change(&context)
    self.sections = sections
  }
}

extension TimelineBuilder {
  /// An event that the analysis has no case for.
  mutating func other(
    _ time: Double, pid: Int32, _ system: String, _ name: String, fields: [(String, String)] = [],
    flags: UInt8 = 0
  ) {
    add(
      time, pid: pid,
      .other(
        OtherEvent(
          system: system, name: name, fields: fields.map { EventField(name: $0.0, value: $0.1) })),
      flags: flags)
  }

  mutating func boost(_ time: Double, by waiter: Int32, _ owner: Actor, to priority: Int32) {
    add(
      time, pid: waiter,
      .prioritySet(
        task: TaskIdentity(pid: owner.pid, comm: owner.comm), old: KernelPriority(owner.prio),
        new: KernelPriority(priority)))
  }

  /// Cycles in which everything took its usual time, the last one ends 100 us before 5000.
  mutating func usualCycles() {
    for cycle in 0..<5 {
      let start = Double(cycle) * 1_000
      sleep(at: start, expiry: start + 900, next: idle)
      wake(at: start + 902, interrupting: 0, stack: nil)
      change(start + 912, from: idle, state: .runnable, to: measured)
      finish(at: start + 915)
    }
  }

  /// The two halves of the wake-up on two CPUs: this one wakes, `target` takes it at `taken`.
  mutating func wakeRemotely(at time: Double, target: inout TimelineBuilder, taken: Double) {
    let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
    // target_cpu of sched_waking is where the thread ran last: here a third CPU.
    let wake = WakeEvent(
      task: TaskIdentity(pid: Self.tid, comm: "measure"), priority: KernelPriority(19),
      targetCPU: 3)
    add(time, pid: 0, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
    add(time + 2, pid: 0, .waking(wake), flags: hard)
    add(
      time + 3, pid: 0,
      .ipiSend(
        targets: CPUSet([target.cpu]),
        callsite: CodeLocation(address: 0, symbol: "ttwu_queue_wakelist"),
        callback: CodeLocation(address: 0)), flags: hard)
    add(time + 5, pid: 0, .vectorExit(name: "local_timer", vector: 236), flags: hard)
    var placed = wake
    placed.targetCPU = target.cpu
    target.add(
      taken - 1, pid: 41, .vectorEntry(name: "call_function_single", vector: 251), flags: hard)
    target.add(taken, pid: 41, .wakeup(placed), flags: hard)
    target.add(
      taken + 1, pid: 41, .vectorExit(name: "call_function_single", vector: 251), flags: hard)
  }
}
