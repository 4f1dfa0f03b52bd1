import Analysis
import TraceModel

/// One spike a class. The truth is how the events were put together.
enum Scenarios {
  static let all: [Scenario] = timer + interrupts + tasks + rest + lateness

  static let hog: Actor = (77, "hog", 9)
  static let neighbour: Actor = (42, "ld", 120)
  static let normal: Actor = (TimelineBuilder.tid, "measure", 120)
  static let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
  static let soft = EventContext.Bit.softIRQ
  static let asked = EventContext.Bit.needResched | EventContext.Bit.preemptResched
  static let unlock = ["_raw_spin_unlock_irqrestore"]

  static func place(_ symbol: String) -> CodeLocation { CodeLocation(address: 0, symbol: symbol) }

  /// The timer interrupt comes at `late` out of `stack` under the interrupt.
  static func lateTimer(_ build: inout TimelineBuilder, _ late: Double, _ stack: [String]) {
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(
      at: late, interrupting: worker.pid, stack: TimelineBuilder.interruptStack + stack)
    build.change(late + 8, from: worker, state: .preempted, to: measured)
    build.finish(at: late + 10)
  }

  /// The wake-up is on time and the worker keeps the CPU until `end`.
  static func held(_ build: inout TimelineBuilder, until end: Double, _ stack: [String]) {
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(
      at: 902, interrupting: worker.pid, stack: TimelineBuilder.interruptStack + stack)
    build.change(end, from: worker, state: .preempted, to: measured)
    build.finish(at: end + 2)
  }

  /// `actor` runs from before the wake-up until `end`.
  static func behind(
    _ build: inout TimelineBuilder, _ actor: Actor, until end: Double, prio: Int32 = 19
  ) {
    build.sleep(at: 0, expiry: 900, next: actor, prio: prio)
    build.wake(at: 901, interrupting: actor.pid, stack: nil, prio: prio, needResched: false)
    build.change(
      end, from: actor, state: .blocked("S"), to: prio == 19 ? measured : normal)
    build.finish(at: end + 2)
  }

  static let timer: [Scenario] = [
    Scenario(.irqsOff, "__rmqueue_pcplist", .likely, wake: 1_130) { own, _ in
      lateTimer(&own, 1_117, unlock + ["__rmqueue_pcplist", "handle_mm_fault"])
    },
    Scenario(
      .idleExit, "state 4", .likely, wake: 1_200,
      context: { $0.idleExitLatencies = [4: Nanoseconds(100_000)] }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.add(2, pid: 0, .cpuIdle(state: 4, cpu: 1))
      own.wake(
        at: 1_180, interrupting: 0,
        stack: TimelineBuilder.interruptStack + ["intel_idle", "do_idle"])
      own.change(1_190, from: idle, state: .runnable, to: measured)
      own.finish(at: 1_195)
    },
    Scenario(
      .hardwareStall, "SMI", .proven, wake: 2_385, context: { $0.smiCount = 1 }
    ) { own, other in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(899, pid: 41, .softirqRaise(vector: 1))
      own.wake(at: 2_362, interrupting: worker.pid, stack: TimelineBuilder.interruptStack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
      for time in stride(from: 700.0, through: 3_000, by: 40) where time < 900 || time > 2_362 {
        other.add(time, pid: 50, .softirqRaise(vector: 1))
      }
    },
    Scenario(
      .hypervisor, "KVM", .likely, wake: 2_385,
      context: {
        $0.hypervisor = "KVM"
        $0.steal = [1: Nanoseconds(10_000_000)]
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 2_362, interrupting: worker.pid, stack: TimelineBuilder.interruptStack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
    },
    Scenario(.timerLate, "previous cycle", .proven, expiry: 1_900, wake: 2_510) { own, _ in
      own.sleep(at: 0, expiry: 900, next: hog)
      own.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
      own.change(2_480, from: hog, state: .blocked("S"), to: measured)
      own.finish(at: 2_482)
      own.sleep(at: 2_490, expiry: 1_900, next: idle)
      own.wake(at: 2_492, interrupting: 0, stack: nil)
      own.change(2_500, from: idle, state: .runnable, to: measured)
      own.finish(at: 2_505)
    },
    Scenario(.timerSlack, "50 us", .proven, wake: 970, normal: true) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle, prio: 120, slack: 50)
      own.wake(at: 951, interrupting: 0, stack: nil, prio: 120)
      own.change(962, from: idle, state: .runnable, to: normal)
      own.finish(at: 965)
    },
    Scenario(.timerSoftirq, "ktimers/1-22", .proven, wake: 1_420, normal: true, model: .rt) {
      own, _ in
      let thread: Actor = (22, "ktimers/1", 98)
      own.sleep(at: 0, expiry: 900, next: worker, prio: 120)
      own.add(901, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
      own.add(902, pid: 41, .softirqRaise(vector: 8), flags: hard)
      own.add(903, pid: 41, .vectorExit(name: "local_timer", vector: 236), flags: hard)
      own.change(905, from: worker, state: .preempted, to: thread)
      own.add(
        1_400, pid: 22,
        .hrtimerExpireEntry(
          timer: 0xffff_8880, function: place("hrtimer_wakeup"), now: TimelineBuilder.at(1_400)),
        flags: soft)
      let wake = WakeEvent(
        task: TaskIdentity(pid: TimelineBuilder.tid, comm: "measure"),
        priority: KernelPriority(120), targetCPU: 1)
      own.add(1_401, pid: 22, .waking(wake), flags: soft)
      own.add(1_402, pid: 22, .wakeup(wake), flags: soft)
      own.change(1_410, from: thread, state: .blocked("S"), to: normal)
      own.finish(at: 1_412)
    },
    Scenario(
      .clock, "hpet", .possible, wake: 960, context: { $0.clocksource = "hpet" }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(910, from: idle, state: .runnable, to: measured)
      own.finish(at: 912)
    },
    Scenario(.stackedTimers, "watchdog_timer_fn", .proven, wake: 1_330) { own, _ in
      stacked(&own, "watchdog_timer_fn")
    },
    Scenario(.tickWork, "tick_nohz_handler", .proven, wake: 1_330) { own, _ in
      stacked(&own, "tick_nohz_handler")
    },
  ]

  /// The timer interrupt is on time, but another function runs for 400 us before ours.
  static func stacked(_ build: inout TimelineBuilder, _ function: String) {
    build.sleep(at: 0, expiry: 900, next: worker)
    build.add(901, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
    build.add(
      903, pid: 41,
      .hrtimerExpireEntry(timer: 7, function: place(function), now: TimelineBuilder.at(902)),
      flags: hard)
    build.add(1_303, pid: 41, .hrtimerExpireExit(timer: 7), flags: hard)
    build.wake(at: 1_304, interrupting: 41, stack: nil)
    build.events.removeAll {
      if case .vectorEntry = $0.payload { $0.time > TimelineBuilder.at(1_000) } else { false }
    }
    build.change(1_320, from: worker, state: .runnable, to: measured)
    build.finish(at: 1_325)
  }

  static let interrupts: [Scenario] = [
    Scenario(.hardIRQ, "irq/24 eth0", .proven, wake: 1_520) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(898, pid: 41, .irqEntry(irq: 24, handler: "eth0"), flags: hard)
      own.add(1_500, pid: 41, .irqExit(irq: 24, handled: true), flags: hard)
      own.wake(at: 1_501, interrupting: 41, stack: TimelineBuilder.interruptStack)
      own.change(1_510, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_515)
    },
    Scenario(.nmi, "perf_event_nmi_handler", .proven, wake: 1_520) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(
        1_500, pid: 41,
        .nmi(handler: place("perf_event_nmi_handler"), duration: Nanoseconds(590_000)),
        flags: EventContext.Bit.nmi)
      own.wake(at: 1_501, interrupting: 41, stack: TimelineBuilder.interruptStack)
      own.change(1_510, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_515)
    },
    Scenario(.softirq, "NET_RX", .proven, wake: 1_520) { own, _ in softirq(&own, 3) },
    Scenario(.rcu, "RCU", .proven, wake: 1_520) { own, _ in softirq(&own, 9) },
    Scenario(.interruptedAfterSwitch, "irq/24 eth0", .proven, wake: 1_530) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(910, from: idle, state: .runnable, to: measured)
      own.add(912, pid: TimelineBuilder.tid, .irqEntry(irq: 24, handler: "eth0"), flags: hard)
      own.add(1_512, pid: TimelineBuilder.tid, .irqExit(irq: 24, handled: true), flags: hard)
      own.finish(at: 1_520)
    },
    Scenario(.tlbShootdown, "on_each_cpu_cond_mask", .proven, wake: 1_520) { own, other in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 901, interrupting: 41, stack: TimelineBuilder.interruptStack)
      other.add(
        906, pid: 60,
        .ipiSend(
          targets: CPUSet([1]), callsite: place("on_each_cpu_cond_mask"),
          callback: place("flush_tlb_func")))
      own.add(907, pid: 41, .vectorEntry(name: "call_function", vector: 252), flags: hard)
      own.add(908, pid: 41, .functionCallEntry(function: place("flush_tlb_func")), flags: hard)
      own.add(1_500, pid: 41, .functionCallExit(function: place("flush_tlb_func")), flags: hard)
      own.add(1_501, pid: 41, .vectorExit(name: "call_function", vector: 252), flags: hard)
      own.change(1_510, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_515)
    },
    Scenario(.remoteEnqueue, "CPU 0 to CPU 1", .proven, wake: 1_620) { own, other in
      own.sleep(at: 0, expiry: 900, next: worker)
      other.add(880, pid: 0, .cpuIdle(state: 1, cpu: 0))
      other.wakeRemotely(at: 901, target: &own, taken: 1_600)
      own.change(1_610, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_615)
    },
  ]

  static func softirq(_ build: inout TimelineBuilder, _ vector: UInt32) {
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(at: 901, interrupting: 41, stack: TimelineBuilder.interruptStack)
    build.add(907, pid: 41, .softirqEntry(vector: vector), flags: soft)
    build.add(1_507, pid: 41, .softirqExit(vector: vector), flags: soft)
    build.change(1_510, from: worker, state: .runnable, to: measured)
    build.finish(at: 1_515)
  }
}
