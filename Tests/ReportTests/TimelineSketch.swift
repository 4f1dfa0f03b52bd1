import Analysis
import TraceModel

/// Events of one CPU by hand; times are us after the expiry.
struct TimelineSketch {
  static let tid: Int32 = 1813
  static let expiry = Nanoseconds(4_242_000_000_000)
  static let task = TaskIdentity(pid: tid, comm: "breaktrace")
  static let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
  static let asked = EventContext.Bit.needResched | EventContext.Bit.preemptResched
  static let wakeFrames = [
    "try_to_wake_up", "hrtimer_wakeup", "__hrtimer_run_queues", "hrtimer_interrupt",
    "__sysvec_apic_timer_interrupt", "sysvec_apic_timer_interrupt",
    "asm_sysvec_apic_timer_interrupt",
  ]

  var cpu = 1
  var events: [TraceEvent] = []
  var gaps: [TimelineGap] = []
  var other: [TraceEvent] = []

  static func at(_ microseconds: Double) -> Nanoseconds {
    expiry + Nanoseconds(Int64((microseconds * 1_000).rounded()))
  }

  mutating func add(
    _ time: Double, _ pid: Int32, _ payload: EventPayload, _ flags: UInt8 = 0, preempt: UInt8 = 0
  ) {
    events.append(
      TraceEvent(
        time: Self.at(time), cpu: cpu, pid: pid,
        context: EventContext(flags: flags, preemptCount: preempt), payload: payload,
        position: UInt64(events.count * 8)))
  }

  mutating func change(
    _ time: Double, from: (TaskIdentity, Int32), _ state: TaskState, to: (TaskIdentity, Int32)
  ) {
    add(
      time, from.0.pid,
      .switched(
        SwitchEvent(
          previous: from.0, previousPriority: KernelPriority(from.1), previousState: state,
          next: to.0, nextPriority: KernelPriority(to.1))), EventContext.Bit.irqsOff, preempt: 2)
  }

  /// Earlier wake-ups of the thread, each of them quick: the baseline.
  mutating func baseline(_ count: Int, over host: (TaskIdentity, Int32), lateness: Double = 2.1) {
    for index in stride(from: count, to: 0, by: -1) {
      let begin = -1_000 * Double(index)
      sleep(begin - 900, expiry: begin, to: host)
      wake(begin + lateness, host: host, stack: nil)
      change(begin + lateness + 6, from: host, .runnable, to: (Self.task, 19))
      back(begin + lateness + 7)
    }
    sleep(-900, expiry: 0, to: host)
  }

  mutating func sleep(_ time: Double, expiry: Double, to host: (TaskIdentity, Int32)) {
    add(
      time, Self.tid,
      .hrtimerStart(
        timer: 0xffff_c900_0123_bd88,
        function: CodeLocation(address: 0xffff_ffff_8110_0000, symbol: "hrtimer_wakeup"),
        expires: Self.at(expiry), softExpires: Self.at(expiry), mode: "ABS"),
      EventContext.Bit.irqsOff)
    change(time + 1, from: (Self.task, 19), .blocked("S"), to: host)
  }

  /// The timer interrupt that wakes the thread, 1 us a step.
  mutating func wake(
    _ time: Double, host: (TaskIdentity, Int32), stack: [CodeLocation]?, pending: UInt8 = 0
  ) {
    let pid = host.0.pid
    add(time, pid, .vectorEntry(name: "local_timer", vector: 236), Self.hard | pending)
    add(
      time + 1, pid,
      .hrtimerExpireEntry(
        timer: 0xffff_c900_0123_bd88,
        function: CodeLocation(address: 0xffff_ffff_8110_0000, symbol: "hrtimer_wakeup"),
        now: Self.at(time + 0.5)), Self.hard | pending, preempt: 1)
    let wake = WakeEvent(task: Self.task, priority: KernelPriority(19), targetCPU: cpu)
    add(time + 2, pid, .waking(wake), Self.hard | pending, preempt: 2)
    if let stack {
      add(time + 2.6, pid, .stack(Self.frames(Self.wakeFrames) + stack), Self.hard, preempt: 2)
    }
    add(time + 3, pid, .wakeup(wake), Self.hard | Self.asked, preempt: 2)
    add(time + 4, pid, .vectorExit(name: "local_timer", vector: 236), Self.hard | Self.asked)
  }

  /// The thread's system call returns.
  mutating func back(_ time: Double) {
    add(time, Self.tid, .syscallExit(number: 230, name: "clock_nanosleep", result: 0))
  }

  static func frames(_ names: [String]) -> [CodeLocation] {
    names.enumerated().map { index, name in
      CodeLocation(
        address: 0xffff_ffff_8120_0000 + UInt64(index) * 0x100, symbol: name,
        offset: UInt64(index + 1) * 0x1b)
    }
  }

  var timeline: Timeline {
    Timeline(
      cpus: [
        CPUTimeline(cpu: cpu, events: events, gaps: gaps),
        CPUTimeline(cpu: 0, events: other),
      ], comms: comms, clock: "mono")
  }

  private var comms: [Int32: String] {
    var names: [Int32: String] = [:]
    for event in events {
      if case .switched(let change) = event.payload {
        names[change.previous.pid] = change.previous.comm
        names[change.next.pid] = change.next.comm
      }
    }
    return names
  }
}
