import Analysis
import Testing
import TraceModel

/// What is easily mistaken for the cause.
@Suite struct RefusalTests {
  private func classes(_ result: SpikeAnalysis) -> Set<CulpritClass> {
    Set(([result.culprit] + result.contributors).map(\.culprit))
  }

  private func names(_ result: SpikeAnalysis) -> [String] {
    ([result.culprit] + result.contributors).map(\.name)
  }

  @Test func `the task that merely stood in front of the switch is not named`() {
    // The interrupt is late out of user space; cc1 was only interrupted.
    let result = Scenario(.hardwareStall, "", .possible, wake: 2_385) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 2_362, interrupting: worker.pid, stack: TimelineBuilder.interruptStack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
    }.analysis
    #expect(!names(result).contains { $0.contains("cc1") })
    #expect(result.culprit.culprit == .hardwareStall)
  }

  @Test(arguments: [("flush_tlb_mm_range", true), ("tlb_flush_mmu", false)])
  func `who frees pages behind a flush does not wait for one`(function: String, waits: Bool) {
    let result = Scenario(.tlbShootdown, function, .likely, wake: 1_460) { own, _ in
      Scenarios.held(&own, until: 1_458, ["folios_put_refs", function, "unmap_region"])
    }.analysis
    #expect((result.culprit.culprit == .tlbShootdown) == waits)
    #expect(names(result).contains(function) == waits || !waits)
  }

  @Test func `names come from the events' own fields, not from a table of recycled ids`() {
    var scenario = Scenario(.higherPriorityTask, "hog-77", .proven, wake: 5_010) { own, _ in
      Scenarios.behind(&own, Scenarios.hog, until: 5_000)
    }
    scenario.timeline.comms = [77: "bash"]
    #expect(scenario.analysis.culprit.name == "hog-77")
  }

  @Test func `the wake-up's target_cpu is not where the thread was placed`() {
    // wakeRemotely() writes target_cpu=3, where the thread had run before.
    let result = Scenario(.remoteEnqueue, "CPU 0 to CPU 1", .proven, wake: 1_620) { own, other in
      own.sleep(at: 0, expiry: 900, next: worker)
      other.add(880, pid: 0, .cpuIdle(state: 1, cpu: 0))
      other.wakeRemotely(at: 901, target: &own, taken: 1_600)
      own.change(1_610, from: worker, state: .runnable, to: measured)
    }.analysis
    #expect(result.cpu == 1)
    #expect(!names(result).contains { $0.contains("CPU 3") })
  }

  @Test func `an interrupt before the expiry or behind the sample is not counted`() {
    let result = Scenario(.unknown, "", .unexplained, wake: 1_403) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.add(100, pid: 0, .irqEntry(irq: 24, handler: "eth0"), flags: Scenarios.hard)
      own.add(899, pid: 0, .irqExit(irq: 24, handled: true), flags: Scenarios.hard)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(1_400, from: idle, state: .runnable, to: measured)
      own.finish(at: 1_402)
      own.add(1_404, pid: 0, .irqEntry(irq: 25, handler: "eth1"), flags: Scenarios.hard)
      own.add(9_000, pid: 0, .irqExit(irq: 25, handled: true), flags: Scenarios.hard)
    }.analysis
    #expect(classes(result) == [.unknown])
  }

  @Test func `the timer interrupt that brings the wake-up is not its culprit`() {
    let result = Scenario(.nonPreemptibleKernel, "ext4_finish_bio", .likely, wake: 1_460) {
      own, _ in
      Scenarios.held(&own, until: 1_452, ["ext4_finish_bio"])
    }.analysis
    #expect(!classes(result).contains(.hardIRQ))
  }

  @Test(arguments: [
    (Int32(80), CulpritClass.higherPriorityTask), (120, .unknown), (19, .samePriorityTask),
  ])
  func `kernel priorities are not user priorities`(prio: Int32, expected: CulpritClass) {
    // Measured at kernel priority 19 (rt 80) but 90 (rt 9) in the first case: 80 (rt 19) is above
    // that.
    let own: Int32 = prio == 80 ? 90 : 19
    let me: Actor = (TimelineBuilder.tid, "measure", own)
    let result = Scenario(expected, "", .proven, wake: 5_010, model: nil) { build, _ in
      build.sleep(at: 0, expiry: 900, next: (77, "other", prio), prio: own)
      build.wake(
        at: 901, interrupting: 77, stack: nil, prio: own, needResched: false)
      build.change(5_000, from: (77, "other", prio), state: .blocked("S"), to: me)
    }.analysis
    #expect(result.culprit.culprit == expected)
  }

  @Test func `a boosted priority is not taken for the task's own`() {
    let scenario = Scenarios.all.first { $0.culprit == .priorityInversion }
    let result = scenario?.analysis
    #expect(result?.refuted.contains { $0.culprit == .higherPriorityTask } == true)
    #expect(result?.culprit.evidence.contains { $0.event == "sched:sched_pi_setprio" } == true)
  }

  @Test func `a pause by the host is not called interrupts off, nor the other way round`() {
    func late(_ stack: [String]) -> SpikeAnalysis {
      Scenario(
        .hypervisor, "KVM", .likely, wake: 2_385,
        context: {
          $0.hypervisor = "KVM"
          $0.steal = [1: Nanoseconds(10_000_000)]
        }
      ) { own, _ in Scenarios.lateTimer(&own, 2_362, stack) }.analysis
    }
    #expect(late([]).culprit.culprit == .hypervisor)
    #expect(late([]).refuted.contains { $0.culprit == .irqsOff })
    let off = late(["_raw_spin_unlock_irqrestore", "__rmqueue_pcplist"])
    #expect(off.culprit.culprit == .irqsOff)
    #expect(off.culprit.name == "__rmqueue_pcplist")
  }

  @Test func `silence between the two halves of a wake-up with growing steal is the host's`() {
    let result = Scenario(
      .hypervisor, "KVM", .likely, wake: 1_750,
      context: {
        $0.hypervisor = "KVM"
        $0.steal = [1: Nanoseconds(10_000_000)]
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 902, interrupting: 41, stack: TimelineBuilder.interruptStack)
      for index in own.events.indices where own.events[index].time > TimelineBuilder.at(904) {
        own.events[index].time += Nanoseconds(828_000)
      }
      own.change(1_740, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_745)
    }.analysis
    #expect(result.culprit.culprit == .hypervisor)
    #expect(result.culprit.claimed > Nanoseconds(800_000))
    #expect(!classes(result).contains(.irqsOff))
    #expect(result.sumsAreExact)
  }

  @Test func `lateness that was carried over is the previous cycle's`() {
    let result = Scenarios.all.first { $0.culprit == .timerLate }?.analysis
    #expect(result?.culprit.nextStep.contains("Explain that one") == true)
    #expect(result.map { names($0).contains { $0.contains("hog") } } == false)
  }

  @Test func `faults of the warm-up are not this cycle's`() {
    let result = Scenario(.unknown, "", .unexplained, wake: 1_403) { own, _ in
      own.add(
        -50, pid: TimelineBuilder.tid,
        .pageFault(user: true, address: 0x1000, ip: CodeLocation(address: 1)))
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(1_400, from: idle, state: .runnable, to: measured)
    }.analysis
    #expect(!classes(result).contains(.pageFault))
  }

  @Test func `where the switch to the thread is missing nobody is named`() {
    // The idle task's switches are not in the trace; a normal task's name is in the events before.
    let result = Scenario(.unknown, "", .unexplained, wake: 1_403) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.change(200, from: worker, state: .blocked("S"), to: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.finish(at: 1_400)
    }.analysis
    #expect(result.culprit.confidence <= .possible)
    #expect(classes(result) == [.unknown])
    #expect(result.segments.last?.length == Nanoseconds(495_000))
    #expect(result.sumsAreExact)
  }

  @Test func `a switch that is missing behind the first makes all guesses possible at best`() {
    let result = Scenario(.higherPriorityTask, "", .possible, wake: 5_010) { own, _ in
      own.sleep(at: 0, expiry: 900, next: Scenarios.hog)
      own.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
      // The hog's leaving is missing: somebody else comes before the last switch.
      own.change(5_000, from: worker, state: .runnable, to: measured)
    }.analysis
    #expect(result.culprit.confidence <= .possible)
    #expect(result.sumsAreExact)
  }

  @Test func `two causes that each explain half are both named`() {
    let result = Scenario(.softirq, "NET_RX", .proven, wake: 2_120) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(899, pid: 41, .irqEntry(irq: 24, handler: "eth0"), flags: Scenarios.hard)
      own.add(1_500, pid: 41, .irqExit(irq: 24, handled: true), flags: Scenarios.hard)
      own.wake(at: 1_501, interrupting: 41, stack: TimelineBuilder.interruptStack)
      own.add(1_507, pid: 41, .softirqEntry(vector: 3), flags: Scenarios.soft)
      own.add(2_107, pid: 41, .softirqExit(vector: 3), flags: Scenarios.soft)
      own.change(2_110, from: worker, state: .runnable, to: measured)
      own.finish(at: 2_115)
    }.analysis
    #expect(classes(result).isSuperset(of: [.softirq, .hardIRQ]))
    let shares = ([result.culprit] + result.contributors).filter { $0.confidence == .proven }
    #expect(shares.prefix(2).allSatisfy { $0.claimed >= Nanoseconds(590_000) })
    #expect(result.sumsAreExact)
  }

  @Test func `a task that raised its own priority is known by its leaving`() {
    let result = Scenario(.higherPriorityTask, "hog-77", .proven, wake: 5_010) { own, _ in
      own.sleep(at: 0, expiry: 900, next: (77, "hog", 120))
      own.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
      own.change(5_000, from: Scenarios.hog, state: .blocked("S"), to: measured)
    }.analysis
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.name == "hog-77")
    #expect(result.sumsAreExact)
  }

  @Test func `a task on its way out may still write behind its switch`() {
    let result = Scenario(.higherPriorityTask, "hog-77", .proven, wake: 5_010) { own, _ in
      own.sleep(at: 0, expiry: 900, next: Scenarios.hog)
      own.other(2, pid: TimelineBuilder.tid, "tlb", "tlb_flush")
      own.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
      own.change(5_000, from: Scenarios.hog, state: .blocked("S"), to: measured)
    }.analysis
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.confidence == .proven)
  }

  @Test func `a late interrupt without a stack is possible at best and names nobody`() {
    let result = Scenario(.irqsOff, "", .possible, wake: 1_130) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 1_117, interrupting: 41, stack: nil)
      own.change(1_125, from: worker, state: .preempted, to: measured)
    }.analysis
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.name.isEmpty)
    #expect(result.culprit.confidence == .possible)
  }

  @Test func `of several calls in one interrupt the long one is named`() {
    let result = Scenario(.tlbShootdown, "", .proven, wake: 1_520) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 901, interrupting: 41, stack: TimelineBuilder.interruptStack)
      let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
      own.add(907, pid: 41, .vectorEntry(name: "call_function", vector: 252), flags: hard)
      for (time, name) in [(908.0, "sched_ttwu_pending"), (910, "slow"), (1_490, "nohz_csd_func")] {
        own.add(
          time, pid: 41, .functionCallEntry(function: CodeLocation(address: 0, symbol: name)),
          flags: hard)
      }
      own.add(1_501, pid: 41, .vectorExit(name: "call_function", vector: 252), flags: hard)
      own.change(1_510, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_515)
    }.analysis
    #expect(result.culprit.culprit == .tlbShootdown)
    #expect(result.culprit.name == "slow")
    #expect(result.culprit.claimed == Nanoseconds(580_000))
    #expect(!result.contributors.contains { $0.name == "sched_ttwu_pending" })
    #expect(result.sumsAreExact)
  }

  private func late(
    _ stack: [String], _ change: (inout SystemContext) -> Void
  ) -> SpikeAnalysis {
    Scenario(.irqsOff, "", .likely, wake: 2_385, context: change) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(
        at: 2_362, interrupting: worker.pid, stack: TimelineBuilder.interruptStack + stack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
    }.analysis
  }

  @Test(arguments: [(UInt64?.none, CulpritClass.irqsOff), (0, .irqsOff), (1, .hardwareStall)])
  func `the SMI counter tells an SMI from code with interrupts off`(
    count: UInt64?, culprit: CulpritClass
  ) {
    for platform in [SystemContext.Platform.bareMetal, .unknown, .guest("QEMU")] {
      let result = late(["memset_loop"]) {
        $0.smiCount = count
        $0.platform = platform
      }
      #expect(result.culprit.culprit == culprit)
      #expect(
        result.culprit.confidence
          == (culprit == .irqsOff && platform != .bareMetal ? .possible : .likely))
    }
  }

  @Test func `an SMI in the run is none where the code just enabled interrupts`() {
    let result = late(["_raw_spin_unlock_irqrestore", "rmqueue"]) { $0.smiCount = 1 }
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.name == "rmqueue")
    #expect(result.culprit.confidence == .likely)
  }

  @Test func `many SMIs in a long run say nothing of one spike`() {
    let result = late(["memset_loop"]) { $0.smiCount = 400 }
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.confidence == .likely)
  }

  @Test func `a plain frame in a virtual machine leaves the host as a rival`() {
    let result = late(["memset_loop"]) { $0.hypervisor = "KVM" }
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.confidence == .possible)
    #expect(!result.refuted.contains { $0.culprit == .hypervisor })
  }

  /// Usual cycles, and then one whose interrupt takes `interrupt` us, with or without a handler in
  /// front.
  private func cycle(interrupt: Double) -> SpikeAnalysis {
    Scenario(.unknown, "", .unexplained, expiry: 9_900, wake: 9_918 + interrupt) { own, _ in
      for cycle in 0..<9 {
        let start = Double(cycle) * 1_000
        own.sleep(at: start, expiry: start + 900, next: idle)
        own.wake(at: start + 902, interrupting: 0, stack: nil)
        own.change(start + 912, from: idle, state: .runnable, to: measured)
        own.finish(at: start + 915)
      }
      own.sleep(at: 9_000, expiry: 9_900, next: idle)
      own.wake(at: 9_902 + interrupt, interrupting: 0, stack: nil)
      own.change(9_912 + interrupt, from: idle, state: .runnable, to: measured)
      own.finish(at: 9_915 + interrupt)
    }.analysis
  }

  @Test func `a wake-up that took what they take proves nothing`() {
    for extra in [0.0, 1, 3] {
      let result = cycle(interrupt: extra)
      #expect(result.culprit.confidence < .proven)
      #expect(!result.contributors.contains { $0.confidence == .proven })
      #expect(result.sumsAreExact)
    }
  }

  /// The timer interrupt comes late out of idle state 4.
  private func lateOutOfIdle(_ late: Double, needs latency: Int64?) -> SpikeAnalysis {
    Scenario(
      .idleExit, "state 4", .likely, wake: late + 20,
      context: { if let latency { $0.idleExitLatencies = [4: Nanoseconds(latency)] } }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: idle)
      own.add(2, pid: 0, .cpuIdle(state: 4, cpu: 1))
      own.wake(
        at: late, interrupting: 0,
        stack: TimelineBuilder.interruptStack + ["intel_idle", "do_idle"])
      own.change(late + 10, from: idle, state: .runnable, to: measured)
      own.finish(at: late + 15)
    }.analysis
  }

  @Test func `an idle state whose exit latency nobody tells is possible at most`() {
    #expect(lateOutOfIdle(1_180, needs: 100_000).culprit.confidence == .likely)
    let verdict = lateOutOfIdle(1_180, needs: nil)
    #expect(verdict.culprit.culprit == .idleExit)
    #expect(verdict.culprit.confidence == .possible)
  }

  @Test(arguments: [100_000, 20_000_000, nil])
  func `no idle state takes tens of milliseconds to leave`(latency: Int64?) {
    let verdict = lateOutOfIdle(31_000, needs: latency)
    #expect(!classes(verdict).contains(.idleExit))
    #expect(verdict.refuted.contains { $0.culprit == .idleExit })
  }
}
