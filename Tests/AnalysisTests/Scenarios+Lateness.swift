import Analysis
import TraceModel

/// What is late and no wake-up; the causes of wake-ups that came with it.
extension Scenarios {
  /// A stretch that a search found.
  private static func late(
    _ culprit: CulpritClass, _ name: String, _ confidence: Confidence, from begin: Double,
    to end: Double, _ work: LateWork,
    _ fill: (inout TimelineBuilder, inout TimelineBuilder) -> Void
  ) -> Scenario {
    var scenario = Scenario(
      culprit, name, confidence, expiry: begin, wake: end, normal: true, fill)
    scenario.subject = .lateness(work)
    return scenario
  }

  static var lateness: [Scenario] {
    let wake = WakeEvent(
      task: TaskIdentity(pid: TimelineBuilder.tid, comm: "measure"),
      priority: KernelPriority(120), targetCPU: 1)
    return [
      late(.blocked, "folio_wait_bit", .likely, from: 100, to: 40_100, LateWork(.blocked)) {
        own, other in
        own.change(100, from: normal, state: .blocked("D"), to: worker)
        other.add(40_100, pid: 77, .waking(wake))
        other.other(
          40_101, pid: 77, "sched", "sched_blocked_reason",
          fields: [("pid", "1813"), ("io_wait", "1"), ("caller", "folio_wait_bit+0x10")])
        other.add(40_102, pid: 77, .wakeup(wake))
        own.change(40_110, from: worker, state: .runnable, to: normal)
      },
      late(
        .softirqDeferred, "NET_RX", .likely, from: 100, to: 3_100,
        LateWork(.softirq, what: "NET_RX", number: 3)
      ) { own, _ in
        own.change(50, from: normal, state: .blocked("S"), to: worker)
        own.add(99, pid: 41, .irqEntry(irq: 30, handler: "eth0"), flags: hard)
        own.add(100, pid: 41, .softirqRaise(vector: 3), flags: hard)
        own.add(101, pid: 41, .irqExit(irq: 30, handled: true), flags: hard)
        own.change(3_098, from: worker, state: .runnable, to: (14, "ksoftirqd/1", 120))
        own.add(3_100, pid: 14, .softirqEntry(vector: 3), flags: soft)
        own.add(3_150, pid: 14, .softirqExit(vector: 3), flags: soft)
      },
      late(
        .interruptStorm, "irq 30 eth0", .likely, from: 100, to: 492,
        LateWork(.storm, what: "eth0", number: 30, count: 50)
      ) { own, _ in
        own.change(50, from: normal, state: .blocked("S"), to: worker)
        for step in 0..<50 {
          let time = 100 + Double(step) * 8
          own.add(time, pid: 41, .irqEntry(irq: 30, handler: "eth0"), flags: hard)
          own.add(time + 3, pid: 41, .irqExit(irq: 30, handled: true), flags: hard)
        }
      },
      late(
        .crossCPUCall, "patcher-77", .likely, from: 100, to: 140, LateWork(.call, origin: 0)
      ) { own, other in
        own.change(50, from: normal, state: .blocked("S"), to: worker)
        other.add(
          100, pid: 77,
          .ipiSend(
            targets: CPUSet([1]), callsite: place("smp_call_function_many_cond"),
            callback: place("do_sync_core")))
        other.change(
          300, from: (77, "patcher", 120), state: .blocked("S"), to: (0, "swapper/0", 120))
        own.add(140, pid: 41, .vectorEntry(name: "call_function", vector: 252), flags: hard)
        own.add(143, pid: 41, .vectorExit(name: "call_function", vector: 252), flags: hard)
      },
      Scenario(.remoteTimer, "CPU 0 to CPU 1", .proven, wake: 1_100) { own, other in
        own.sleep(at: 0, expiry: 900, next: worker)
        other.add(
          901, pid: 0,
          .hrtimerExpireEntry(
            timer: 0xffff_8880, function: place("hrtimer_wakeup"), now: TimelineBuilder.at(901)),
          flags: hard)
        other.wakeRemotely(at: 900, target: &own, taken: 1_080)
        other.events.sort { $0.time < $1.time }
        own.change(1_090, from: worker, state: .preempted, to: measured)
        own.finish(at: 1_095)
      },
    ]
  }
}
