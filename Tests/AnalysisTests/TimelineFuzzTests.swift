import Analysis
import Testing
import TraceModel

/// Timelines that no kernel would write: nothing may trap, and the account stays exact.
@Suite struct TimelineFuzzTests {
  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    mutating func below(_ limit: UInt64) -> Int { Int(next() % limit) }
  }

  private func stamp(_ random: inout Random, wild: Bool) -> Int64 {
    if wild {
      switch random.below(6) {
      case 0: return .min
      case 1: return .max
      case 2: return Int64(bitPattern: random.next())
      default: break
      }
    }
    return Int64(random.below(2_000_000))
  }

  private func payload(_ random: inout Random, wild: Bool) -> EventPayload {
    let pids: [Int32] = [0, 1, 2, 3, 7, 1_813, .max, .min]
    let comms = ["", "measure", "kworker/1:0", "migration/1", "irq/24-x", "rcuc/1", "hog"]
    let prios: [Int32] = [-1, 0, 9, 19, 98, 99, 120, 139, .max, .min]
    let symbols = [
      "", "hrtimer_wakeup", "tick_nohz_handler", "flush_tlb_func",
      "asm_sysvec_apic_timer_interrupt",
      "do_idle", "_raw_spin_unlock_irq", "console_unlock", "bpf_prog_x", "foo",
    ]
    let task = TaskIdentity(pid: pids[random.below(8)], comm: comms[random.below(7)])
    let other = TaskIdentity(pid: pids[random.below(8)], comm: comms[random.below(7)])
    let (a, b) = (KernelPriority(prios[random.below(10)]), KernelPriority(prios[random.below(10)]))
    let function = CodeLocation(address: random.next(), symbol: symbols[random.below(10)])
    let number = Int32(truncatingIfNeeded: random.below(3))
    let timer = UInt64(random.below(3))
    let states: [TaskState] = [.runnable, .preempted, .blocked("S"), .blocked("D")]
    let wake = WakeEvent(task: task, priority: a, targetCPU: random.below(4) - 1)
    let vectors = ["local_timer", "call_function", "reschedule"]
    let names = [
      "signal_deliver", "irq_disable", "irq_enable", "preempt_disable", "preempt_enable", "console",
      "mm_vmscan_direct_reclaim_begin", "mm_vmscan_direct_reclaim_end", "module_load",
    ]
    switch random.below(32) {
    case 0...5:
      return .switched(
        SwitchEvent(
          previous: task, previousPriority: a, previousState: states[random.below(4)], next: other,
          nextPriority: b))
    case 6, 7: return .waking(wake)
    case 8, 9: return .wakeup(wake)
    case 10:
      return .migrate(task: task, priority: a, from: random.below(4) - 1, to: random.below(4) - 1)
    case 11: return .prioritySet(task: task, old: a, new: b)
    case 12: return .irqEntry(irq: number, handler: "x")
    case 13: return .irqExit(irq: number, handled: true)
    case 14: return .vectorEntry(name: vectors[random.below(3)], vector: number)
    case 15: return .vectorExit(name: vectors[random.below(3)], vector: number)
    case 16: return .softirqEntry(vector: UInt32(random.below(11)))
    case 17: return .softirqExit(vector: UInt32(random.below(11)))
    case 18: return .softirqRaise(vector: 8)
    case 19:
      return .nmi(handler: function, duration: Nanoseconds(stamp(&random, wild: wild)))
    case 20, 21:
      let soft = stamp(&random, wild: wild)
      return .hrtimerStart(
        timer: timer, function: function, expires: Nanoseconds(soft &+ Int64(random.below(2))),
        softExpires: Nanoseconds(soft), mode: "ABS")
    case 22:
      return .hrtimerExpireEntry(
        timer: timer, function: function, now: Nanoseconds(stamp(&random, wild: wild)))
    case 23: return .hrtimerExpireExit(timer: timer)
    case 24: return .cpuFrequency(kilohertz: UInt32(truncatingIfNeeded: random.next()), cpu: 1)
    case 25: return .workStart(work: timer, function: function)
    case 26: return .workEnd(work: timer, function: function)
    case 27:
      return .ipiSend(targets: CPUSet([random.below(3)]), callsite: function, callback: function)
    case 28: return .functionCallEntry(function: function)
    case 29:
      return .stack(
        (0..<random.below(6)).map { _ in
          CodeLocation(address: 0, symbol: symbols[random.below(10)])
        })
    case 30:
      return .other(OtherEvent(system: "preemptirq", name: names[random.below(9)], fields: []))
    default: return .syscallExit(number: 230, name: "", result: 0)
    }
  }

  private func check(_ seed: UInt64) {
    var random = Random(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    let wild = random.below(2) == 0
    let unordered = random.below(8) == 0
    var cpus: [CPUTimeline] = []
    for cpu in 0..<(1 + random.below(3)) {
      var events = (0..<random.below(60)).map { index in
        TraceEvent(
          time: Nanoseconds(stamp(&random, wild: wild)), cpu: cpu,
          pid: [0, 1, 7, 1_813][random.below(4)],
          context: EventContext(
            flags: UInt8(truncatingIfNeeded: random.next()),
            preemptCount: UInt8(truncatingIfNeeded: random.next())),
          payload: payload(&random, wild: wild), position: UInt64(index))
      }
      if !unordered { events.sort { $0.time < $1.time } }
      let gap = TimelineGap(
        span: TimeSpan(
          Nanoseconds(stamp(&random, wild: wild)), Nanoseconds(stamp(&random, wild: wild))),
        cause: .lostEvents(count: .max))
      cpus.append(CPUTimeline(cpu: cpu, events: events, gaps: random.below(4) == 0 ? [gap] : []))
    }
    let sample = WakeupSample(
      cpu: random.below(3), task: TaskIdentity(pid: 1_813, comm: "measure"),
      policy: [nil, .fifo, .other][random.below(3)], priority: 80, sequence: .max,
      expiry: Nanoseconds(stamp(&random, wild: wild)),
      wake: Nanoseconds(stamp(&random, wild: wild)),
      threshold: nil, source: .sample)
    var context = SystemContext()
    if random.below(2) == 0 { context.hypervisor = "KVM" }
    context.preemption = SystemContext.PreemptionModel.allCases.randomElement(by: &random)
    context.steal = [1: Nanoseconds(stamp(&random, wild: wild))]
    context.rtRuntime = Nanoseconds(stamp(&random, wild: wild))
    context.observerCost = Nanoseconds(stamp(&random, wild: wild))
    context.throttledTime = Nanoseconds(stamp(&random, wild: wild))
    context.idleExitLatencies = [0: Nanoseconds(stamp(&random, wild: wild))]
    context.smiCount = random.next()
    context.isolatedCPUs = CPUSet([1])
    context.nohzFullCPUs = CPUSet([1])
    context.siblings = [1: CPUSet([0])]
    context.clocksource = "hpet"
    context.ptracer = 1
    let section = LatencySection(
      tracer: "irqsoff", cpu: random.below(3),
      span: TimeSpan(
        Nanoseconds(stamp(&random, wild: wild)), Nanoseconds(stamp(&random, wild: wild))))
    let result = Analyzer(context: context).explain(
      sample, in: Timeline(cpus: cpus), sections: [section])
    let latency = max(.zero, sample.latency)
    let claimed = ([result.culprit] + result.contributors).reduce(Nanoseconds.zero) {
      $0 + $1.claimed
    }
    let segments = result.segments.reduce(Nanoseconds.zero) { $0 + $1.length }
    let ran = result.ran.reduce(Nanoseconds.zero) { $0 + $1.net }
    #expect(claimed == latency, "seed \(seed)")
    #expect(segments == latency, "seed \(seed)")
    #expect(ran == latency, "seed \(seed)")
    #expect(result.excerpt.count <= 40, "seed \(seed)")
    if !result.trace.isComplete { #expect(result.culprit.confidence <= .possible, "seed \(seed)") }
  }

  @Test(arguments: 0..<20) func `a thousand random timelines each are accounted for exactly`(
    round: UInt64
  ) {
    for number in 1...1_000 { check(round * 1_000 + UInt64(number)) }
  }
}

extension Collection where Index == Int {
  fileprivate func randomElement(by random: inout TimelineFuzzTests.Random) -> Element? {
    isEmpty ? nil : self[random.below(UInt64(count))]
  }
}
