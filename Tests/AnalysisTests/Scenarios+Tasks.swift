import Analysis
import TraceModel

extension Scenarios {
  static let tasks: [Scenario] = [
    Scenario(.preemptOff, "execute_preemptirqtest", .likely, wake: 3_500, model: .rt) { own, _ in
      held(
        &own, until: 3_490, ["native_sched_clock", "trace_clock_local", "execute_preemptirqtest"])
    },
    Scenario(.nonPreemptibleKernel, "ext4_finish_bio", .likely, wake: 1_460) { own, _ in
      held(&own, until: 1_452, unlock + ["ext4_finish_bio", "process_one_work"])
    },
    Scenario(.higherPriorityTask, "hog-77", .proven, wake: 5_010) { own, _ in
      behind(&own, hog, until: 5_000)
    },
    Scenario(.samePriorityTask, "equal-78", .proven, wake: 5_010) { own, _ in
      behind(&own, (78, "equal", 19), until: 5_000)
    },
    Scenario(.priorityInversion, "owner-79", .proven, wake: 3_010) { own, other in
      let owner: Actor = (79, "owner", 120)
      other.boost(500, by: 80, owner, to: 9)
      own.sleep(at: 0, expiry: 900, next: (79, "owner", 9))
      own.wake(at: 901, interrupting: 79, stack: nil, needResched: false)
      own.add(
        2_998, pid: 79,
        .prioritySet(
          task: TaskIdentity(pid: 79, comm: "owner"), old: KernelPriority(9),
          new: KernelPriority(120)))
      own.change(3_000, from: owner, state: .preempted, to: measured)
      own.finish(at: 3_005)
    },
    Scenario(.stopMachine, "migration/1-23", .proven, wake: 2_010) { own, other in
      behind(&own, (23, "migration/1", 0), until: 2_000)
      other.change(880, from: idle, state: .runnable, to: (17, "migration/0", 0))
      other.change(1_990, from: (17, "migration/0", 0), state: .blocked("S"), to: idle)
    },
    Scenario(
      .rtThrottling, "measure-1813", .proven, wake: 51_004,
      context: { $0.rtRuntime = Nanoseconds(950_000_000) }, throttled),
    Scenario(
      .deadlineServer, "measure-1813", .likely, wake: 51_004,
      context: {
        $0.hasDeadlineServer = true
        $0.hasRTGroupScheduling = false
      }, throttled),
    Scenario(.irqThread, "irq/24-eth0-61", .proven, wake: 2_010) { own, _ in
      behind(&own, (61, "irq/24-eth0", 9), until: 2_000)
    },
    Scenario(.schedulerOverhead, "", .possible, wake: 970) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(960, from: idle, state: .runnable, to: measured)
      own.finish(at: 965)
    },
    Scenario(
      .cpuBandwidth, "", .likely, wake: 40_010, normal: true,
      context: { $0.throttledTime = Nanoseconds(39_000_000) }
    ) { own, _ in
      behind(&own, neighbour, until: 40_000, prio: 120)
      own.add(
        39_990, pid: neighbour.pid,
        .hrtimerExpireEntry(
          timer: 0xcf5, function: place("sched_cfs_period_timer"),
          now: TimelineBuilder.at(39_989)), flags: hard)
    },
    Scenario(.runQueue, "ld-42", .proven, wake: 4_010, normal: true) { own, _ in
      behind(&own, neighbour, until: 4_000, prio: 120)
    },
    Scenario(
      .lateKworker, "sk_psock_backlog", .proven, wake: 15_010, normal: true, comm: "kworker/1:0"
    ) { own, other in
      let worker: Actor = (TimelineBuilder.tid, "kworker/1:0", 120)
      let wake = WakeEvent(
        task: TaskIdentity(pid: worker.pid, comm: worker.comm), priority: KernelPriority(120),
        targetCPU: 1)
      own.change(100, from: idle, state: .runnable, to: neighbour)
      own.add(
        898, pid: 42,
        .workQueue(
          work: 9, function: place("sk_psock_backlog"), workqueue: "events", requestedCPU: 1, cpu: 1
        ))
      own.add(900, pid: 42, .waking(wake))
      own.add(901, pid: 42, .wakeup(wake))
      own.change(15_000, from: neighbour, state: .runnable, to: worker)
      own.add(15_005, pid: worker.pid, .workStart(work: 9, function: place("sk_psock_backlog")))
    },
    Scenario(
      .isolationBroken, "vmstat_update", .proven, wake: 1_470,
      context: { $0.isolatedCPUs = CPUSet([1]) }
    ) { own, _ in
      let worker: Actor = (33, "kworker/1:1", 120)
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(890, pid: 33, .workStart(work: 4, function: place("vmstat_update")))
      own.wake(
        at: 902, interrupting: 33,
        stack: TimelineBuilder.interruptStack + ["refresh_cpu_vm_stats", "vmstat_update"])
      own.change(1_460, from: worker, state: .preempted, to: measured)
      own.finish(at: 1_465)
    },
    Scenario(
      .ownOutput, "breaktrace-1800", .proven, wake: 5_010,
      context: { $0.ownThreads = [1_800] }
    ) { own, _ in
      behind(&own, (1_800, "breaktrace", 9), until: 5_000)
    },
    Scenario(.migration, "CPU 0 to CPU 1", .likely, wake: 1_510) { own, other in
      other.sleep(at: 0, expiry: 900, next: worker)
      own.add(1, pid: 0, .cpuIdle(state: 1, cpu: 1))
      other.wake(at: 901, interrupting: 41, stack: TimelineBuilder.interruptStack)
      other.add(
        940, pid: 41,
        .migrate(
          task: TaskIdentity(pid: TimelineBuilder.tid, comm: "measure"),
          priority: KernelPriority(19), from: 0, to: 1))
      own.change(1_500, from: idle, state: .runnable, to: measured)
      own.finish(at: 1_505)
    },
  ]

  static func throttled(_ own: inout TimelineBuilder, _ other: inout TimelineBuilder) {
    own.sleep(at: 0, expiry: 900, next: hog)
    own.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    own.change(1_000, from: hog, state: .runnable, to: worker)
    own.change(51_000, from: worker, state: .runnable, to: measured)
  }

  static let rest: [Scenario] = [
    Scenario(.pageFault, "1 fault at 0x7f001000", .proven, wake: 1_510) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(908, from: idle, state: .runnable, to: measured)
      own.finish(at: 910)
      own.add(
        911, pid: TimelineBuilder.tid,
        .pageFault(user: true, address: 0x7f00_1000, ip: CodeLocation(address: 0x7f00_1000)))
      own.change(915, from: measured, state: .blocked("D"), to: idle)
      own.change(1_500, from: idle, state: .runnable, to: measured)
    },
    Scenario(.signalOrPtrace, "signal", .likely, wake: 1_510) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(908, from: idle, state: .runnable, to: measured)
      own.other(
        912, pid: TimelineBuilder.tid, "signal", "signal_deliver", fields: [("sig", "17")])
      own.finish(at: 1_500)
    },
    Scenario(
      .observer, "12 us", .likely, wake: 920, context: { $0.observerCost = Nanoseconds(12_000) }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(912, from: idle, state: .runnable, to: measured)
      own.finish(at: 915)
    },
    Scenario(
      .cpuFrequency, "", .likely, expiry: 5_900, wake: 5_978,
      context: { $0.nominalKilohertz = 3_000_000 }, slow),
    Scenario(
      .sharedHardware, "CPU 0", .possible, expiry: 5_900, wake: 5_978,
      context: { $0.siblings = [1: CPUSet([0]), 0: CPUSet([1])] }
    ) { own, other in
      slow(&own, &other)
      own.events.removeAll { if case .cpuFrequency = $0.payload { true } else { false } }
      other.change(100, from: idle, state: .runnable, to: neighbour)
    },
    Scenario(.printkConsole, "wait_for_lsr", .likely, wake: 2_130) { own, _ in
      lateTimer(
        &own, 2_117,
        unlock + ["wait_for_lsr", "serial8250_console_write", "console_flush_all", "vprintk_emit"])
    },
    Scenario(.memoryReclaim, "cc1-41", .likely, wake: 3_510) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.other(800, pid: 41, "vmscan", "mm_vmscan_direct_reclaim_begin", fields: [("order", "0")])
      own.wake(
        at: 902, interrupting: 41, stack: TimelineBuilder.interruptStack + ["shrink_folio_list"])
      own.other(3_490, pid: 41, "vmscan", "mm_vmscan_direct_reclaim_end")
      own.change(3_500, from: worker, state: .preempted, to: measured)
      own.finish(at: 3_505)
    },
    Scenario(.otherTracing, "bpf_prog_6deef7357e7b4530", .likely, wake: 2_130) { own, _ in
      lateTimer(
        &own, 2_117, unlock + ["bpf_prog_6deef7357e7b4530", "trace_call_bpf", "kprobe_perf_func"])
    },
    Scenario(.unknown, "", .unexplained, wake: 1_403) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(1_400, from: idle, state: .runnable, to: measured)
      own.finish(at: 1_402)
    },
  ]

  /// Every stretch takes about four times as long as usual.
  static func slow(_ own: inout TimelineBuilder, _ other: inout TimelineBuilder) {
    own.usualCycles()
    own.sleep(at: 5_000, expiry: 5_900, next: idle)
    own.add(5_100, pid: 0, .cpuFrequency(kilohertz: 800_000, cpu: 1))
    own.add(5_908, pid: 0, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
    let wake = WakeEvent(
      task: TaskIdentity(pid: TimelineBuilder.tid, comm: "measure"), priority: KernelPriority(19),
      targetCPU: 1)
    own.add(5_916, pid: 0, .waking(wake), flags: hard)
    own.add(5_924, pid: 0, .wakeup(wake), flags: hard)
    own.add(5_926, pid: 0, .vectorExit(name: "local_timer", vector: 236), flags: hard)
    own.change(5_957, from: idle, state: .runnable, to: measured)
    own.finish(at: 5_969)
  }
}
