import Analysis
import TraceModel

/// Builds the timeline of one CPU by hand; times are us after an arbitrary start.
struct TimelineBuilder {
  static let tid: Int32 = 1813
  static let base: Int64 = 1_000_000_000

  var cpu = 1
  var events: [TraceEvent] = []
  var gaps: [TimelineGap] = []

  static func at(_ microseconds: Double) -> Nanoseconds {
    Nanoseconds(base + Int64((microseconds * 1_000).rounded()))
  }

  mutating func add(
    _ microseconds: Double, pid: Int32, _ payload: EventPayload, flags: UInt8 = 0,
    preempt: UInt8 = 0
  ) {
    events.append(
      TraceEvent(
        time: Self.at(microseconds), cpu: cpu, pid: pid,
        context: EventContext(flags: flags, preemptCount: preempt), payload: payload,
        position: UInt64(events.count)))
  }

  /// The measured thread arms its timer for `expiry` and goes to sleep; `next` gets the CPU.
  mutating func sleep(
    at time: Double, expiry: Double, next: (pid: Int32, comm: String, prio: Int32),
    prio: Int32 = 19, slack: Double = 0
  ) {
    add(
      time, pid: Self.tid,
      .hrtimerStart(
        timer: 0xffff_8880, function: CodeLocation(address: 0, symbol: "hrtimer_wakeup"),
        expires: Self.at(expiry + slack), softExpires: Self.at(expiry), mode: "ABS"))
    change(
      time + 1, from: (Self.tid, "measure", prio), state: .blocked("S"), to: next)
  }

  mutating func change(
    _ time: Double, from: (pid: Int32, comm: String, prio: Int32), state: TaskState,
    to: (pid: Int32, comm: String, prio: Int32), flags: UInt8 = EventContext.Bit.irqsOff
  ) {
    add(
      time, pid: from.pid,
      .switched(
        SwitchEvent(
          previous: TaskIdentity(pid: from.pid, comm: from.comm),
          previousPriority: KernelPriority(from.prio), previousState: state,
          next: TaskIdentity(pid: to.pid, comm: to.comm), nextPriority: KernelPriority(to.prio))),
      flags: flags, preempt: 2)
  }

  /// A frame of a stack; a question mark before the name says that its caller may be missing.
  private func frame(_ name: String) -> CodeLocation {
    var place = CodeLocation(address: 0, symbol: String(name.drop { $0 == "?" }))
    place.mayHideCaller = name.hasPrefix("?")
    return place
  }

  /// The timer interrupt with the wake-up in it, 1 us a step.
  mutating func wake(
    at time: Double, interrupting pid: Int32, stack: [String]?, prio: Int32 = 19,
    needResched: Bool = true
  ) {
    let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
    let asked =
      needResched
      ? hard | EventContext.Bit.needResched | EventContext.Bit.preemptResched : hard
    add(time, pid: pid, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
    add(
      time + 1, pid: pid,
      .hrtimerExpireEntry(
        timer: 0xffff_8880, function: CodeLocation(address: 0, symbol: "hrtimer_wakeup"),
        now: Self.at(time)), flags: hard)
    let wake = WakeEvent(
      task: TaskIdentity(pid: Self.tid, comm: "measure"), priority: KernelPriority(prio),
      targetCPU: cpu)
    add(time + 2, pid: pid, .waking(wake), flags: hard, preempt: 1)
    if let stack {
      add(
        time + 3, pid: pid, .stack(stack.map(frame)), flags: hard,
        preempt: 1)
    }
    add(time + 4, pid: pid, .wakeup(wake), flags: asked, preempt: 1)
    add(time + 5, pid: pid, .vectorExit(name: "local_timer", vector: 236), flags: asked)
  }

  mutating func finish(at time: Double) {
    add(time, pid: Self.tid, .syscallExit(number: 230, name: "clock_nanosleep", result: 0))
  }

  var timeline: Timeline {
    Timeline(cpus: [CPUTimeline(cpu: cpu, events: events, gaps: gaps)], clock: "mono")
  }

  static func sample(
    expiry: Double, wake: Double, policy: SchedulingPolicy = .fifo, priority: Int32 = 80
  ) -> WakeupSample {
    WakeupSample(
      cpu: 1, task: TaskIdentity(pid: tid, comm: "measure"), policy: policy, priority: priority,
      sequence: 7, expiry: at(expiry), wake: at(wake), threshold: at(100) - at(0), source: .sample)
  }

  static let interruptStack = [
    "try_to_wake_up", "hrtimer_wakeup", "__hrtimer_run_queues", "hrtimer_interrupt",
    "__sysvec_apic_timer_interrupt", "sysvec_apic_timer_interrupt",
    "asm_sysvec_apic_timer_interrupt",
  ]
}

let idle: (pid: Int32, comm: String, prio: Int32) = (0, "swapper/1", 120)
let worker: (pid: Int32, comm: String, prio: Int32) = (41, "cc1", 120)
let measured: (pid: Int32, comm: String, prio: Int32) = (TimelineBuilder.tid, "measure", 19)

extension SpikeAnalysis {
  /// Culprit, contributors and segments must each account for the whole latency.
  var sumsAreExact: Bool {
    let claimed = ([culprit] + contributors).reduce(Nanoseconds.zero) { $0 + $1.claimed }
    let segments = segments.reduce(Nanoseconds.zero) { $0 + $1.length }
    return claimed == sample.latency && segments == sample.latency
  }
}
