import Analysis
import Testing
import TraceModel

@Suite struct RuleTests {
  typealias Build = TimelineBuilder

  private func explain(
    _ build: TimelineBuilder, _ sample: WakeupSample,
    _ change: (inout SystemContext) -> Void = { _ in }
  ) -> SpikeAnalysis {
    var context = SystemContext()
    context.preemption = SystemContext.PreemptionModel.none
    context.platform = .bareMetal
    context.smiCount = 0
    change(&context)
    return Analyzer(context: context).explain(sample, in: build.timeline)
  }

  @Test func `a late interrupt that meets an unlock names the unlock's caller`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(
      at: 1_117, interrupting: worker.pid,
      stack: Build.interruptStack + [
        "_raw_spin_unlock_irqrestore", "__rmqueue_pcplist", "handle_mm_fault",
      ])
    build.change(1_125, from: worker, state: .preempted, to: measured)
    build.finish(at: 1_129)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_130)) { $0.hypervisor = "KVM" }
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.name == "__rmqueue_pcplist")
    #expect(result.culprit.confidence == .likely)
    #expect(result.culprit.claimed == Nanoseconds(217_000))
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [(Int64(0), Confidence.possible), (10, .likely)])
  func `a late interrupt out of user space on a guest is the hypervisor`(
    stealMilliseconds: Int64, word: Confidence
  ) {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(at: 2_362, interrupting: worker.pid, stack: Build.interruptStack)
    build.change(2_370, from: worker, state: .runnable, to: measured)
    build.finish(at: 2_384)
    let result = explain(build, Build.sample(expiry: 900, wake: 2_385)) {
      $0.hypervisor = "KVM"
      $0.steal = [1: Nanoseconds(stealMilliseconds * 1_000_000)]
    }
    #expect(result.culprit.culprit == .hypervisor)
    #expect(result.culprit.name == "KVM")
    #expect(result.culprit.confidence == word)
    #expect(result.refuted.contains { $0.culprit == .irqsOff })
    #expect(result.sumsAreExact)
  }

  @Test func `the same silence on bare metal is never called a hypervisor`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(at: 2_362, interrupting: worker.pid, stack: Build.interruptStack)
    build.change(2_370, from: worker, state: .runnable, to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 2_385))
    #expect(result.culprit.culprit == .hardwareStall)
    #expect(result.culprit.confidence == .possible)
    #expect(result.refuted.contains { $0.culprit == .hypervisor })
  }

  @Test(arguments: [
    (SystemContext.PreemptionModel.none, CulpritClass.nonPreemptibleKernel),
    (.voluntary, .nonPreemptibleKernel), (.full, .preemptOff), (.rt, .preemptOff),
  ])
  func `need-resched without a switch is blamed on the kernel's model or on its section`(
    model: SystemContext.PreemptionModel, culprit: CulpritClass
  ) {
    let kworker: (pid: Int32, comm: String, prio: Int32) = (41, "kworker/u8:2", 120)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: kworker)
    build.wake(
      at: 902, interrupting: kworker.pid,
      stack: Build.interruptStack + [
        "_raw_spin_unlock_irqrestore", "ext4_finish_bio", "ext4_end_io_rsv_work",
        "process_one_work",
      ])
    build.add(
      1_450, pid: 41,
      .workEnd(work: 1, function: CodeLocation(address: 0, symbol: "ext4_end_io_rsv_work")),
      flags: EventContext.Bit.needResched | EventContext.Bit.preemptResched)
    build.change(1_452, from: kworker, state: .preempted, to: measured)
    build.finish(at: 1_455)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_456)) { $0.preemption = model }
    #expect(result.culprit.culprit == culprit)
    #expect(result.culprit.name == "ext4_finish_bio")
    #expect(result.culprit.confidence == .likely)
    #expect(result.culprit.evidence.contains { $0.event == "workqueue:workqueue_execute_end" })
    #expect(result.sumsAreExact)
  }

  /// A task is interrupted at `depth`; the switch to the thread is not recorded.
  private func unrecorded(depth: UInt8, calibrated: Bool, asked: Bool = true) -> SpikeAnalysis {
    let flags = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
    let pending = asked ? flags | EventContext.Bit.needResched : flags
    let wake = WakeEvent(
      task: TaskIdentity(pid: Build.tid, comm: "measure"), priority: KernelPriority(19),
      targetCPU: 1)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    if calibrated {
      build.add(500, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: flags)
      build.add(503, pid: 41, .vectorExit(name: "local_timer", vector: 236), flags: flags)
    }
    build.add(
      902, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: flags, preempt: depth)
    build.add(904, pid: 41, .waking(wake), flags: flags, preempt: depth + 1)
    build.add(905, pid: 41, .wakeup(wake), flags: pending, preempt: depth + 2)
    build.add(
      906, pid: 41, .vectorExit(name: "local_timer", vector: 236), flags: pending, preempt: depth)
    build.finish(at: 1_600)
    return explain(build, Build.sample(expiry: 900, wake: 1_601)) {
      $0.preemption = SystemContext.PreemptionModel.none
    }
  }

  @Test func `an interrupt out of code with preemption disabled stands in for a lost switch`() {
    let result = unrecorded(depth: 1, calibrated: true)
    #expect(result.culprit.culprit == .preemptOff)
    #expect(result.culprit.name == "cc1-41")
    #expect(result.culprit.confidence == .possible)
    #expect(result.culprit.evidence.contains { $0.text.contains("preempt depth 1") })
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [
    (UInt8(1), true, CulpritClass.irqsOff), (1, false, .unknown), (0, true, .unknown),
  ])
  func `in a guest a late interrupt without a stack needs a depth that says kernel`(
    depth: UInt8, calibrated: Bool, culprit: CulpritClass
  ) {
    let flags = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    if calibrated {
      build.add(500, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: flags)
      build.add(503, pid: 41, .vectorExit(name: "local_timer", vector: 236), flags: flags)
    }
    build.wake(at: 1_500, interrupting: 41, stack: nil)
    for index in build.events.indices where build.events[index].time == Build.at(1_500) {
      build.events[index].context.preemptCount = depth
    }
    build.change(1_508, from: worker, state: .preempted, to: measured)
    build.finish(at: 1_510)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_511)) { $0.hypervisor = "KVM" }
    #expect(result.culprit.culprit == culprit)
    #expect(result.culprit.name.isEmpty)
    #expect(result.culprit.confidence <= .possible)
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [
    (0, true, true),  // It could be preempted: why it was not is not known.
    (1, false, true),  // The kernel may count its own.
    (1, true, false),  // Nobody asked for the CPU.
  ])
  func `without depth, a depth to compare with or need-resched a lost switch blames nobody`(
    depth: UInt8, calibrated: Bool, asked: Bool
  ) {
    let result = unrecorded(depth: depth, calibrated: calibrated, asked: asked)
    #expect(result.culprit.culprit == .unknown)
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [
    (true, true, CulpritClass.hypervisor), (false, true, .unknown), (true, false, .unknown),
  ])
  func `an idle loop that does not leave although asked was stopped from outside`(
    staysIdle: Bool, seesExits: Bool, culprit: CulpritClass
  ) {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(at: 902, interrupting: 0, stack: nil)
    // Without the interrupt's end the handler itself may have taken the time.
    if !seesExits { build.events.removeLast() }
    let flags = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ | EventContext.Bit.needResched
    let pid: Int32 = staysIdle ? 0 : 41
    build.add(3_000, pid: pid, .vectorEntry(name: "local_timer", vector: 236), flags: flags)
    build.add(3_005, pid: pid, .vectorExit(name: "local_timer", vector: 236), flags: flags)
    build.finish(at: 3_010)
    let result = explain(build, Build.sample(expiry: 900, wake: 3_011)) { $0.hypervisor = "KVM" }
    #expect(result.culprit.culprit == culprit)
    #expect(result.culprit.confidence <= .possible)
    #expect(result.sumsAreExact)
  }

  @Test func `an equal that ran in between does not hide the section before it`() {
    let equal: (pid: Int32, comm: String, prio: Int32) = (90, "other", 19)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(
      at: 905, interrupting: worker.pid,
      stack: Build.interruptStack + ["eventfs_create_dir", "instance_mkdir", "do_syscall_64"])
    build.change(1_771, from: worker, state: .runnable, to: equal)
    build.change(1_784, from: equal, state: .blocked("S"), to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_786))
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.name == "eventfs_create_dir")
    #expect(result.culprit.claimed == Nanoseconds(861_000))
    #expect(result.sumsAreExact)
  }

  @Test func `a task whose switch was not recorded is known by its events`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(
      at: 905, interrupting: 77,
      stack: Build.interruptStack + ["damon_pa_check_accesses", "kthread"])
    build.change(1_071, from: (77, "kdamond.0", 120), state: .preempted, to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_073))
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.name == "damon_pa_check_accesses")
    #expect(!result.ran.contains { $0.occupant == .idle && $0.net > Nanoseconds(10_000) })
    #expect(result.sumsAreExact)
  }

  @Test func `a task above the thread is named with its own time, interrupts taken off`() {
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 9)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: Build.interruptStack, needResched: false)
    build.add(2_000, pid: 77, .irqEntry(irq: 24, handler: "virtio0"))
    build.add(2_300, pid: 77, .irqExit(irq: 24, handled: true))
    build.change(5_000, from: hog, state: .blocked("S"), to: measured)
    build.finish(at: 5_003)
    let result = explain(build, Build.sample(expiry: 900, wake: 5_004))
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.name == "hog-77")
    #expect(result.culprit.confidence == .proven)
    // From the wake-up's interrupt to the switch, the device interrupt's 300 us taken off.
    #expect(result.culprit.claimed == Nanoseconds(3_794_000))
    #expect(result.sumsAreExact)
  }

  @Test func `an equal is not called higher`() {
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 19)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: Build.interruptStack, needResched: false)
    build.change(5_000, from: hog, state: .blocked("S"), to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 5_004))
    #expect(result.culprit.culprit == .samePriorityTask)
    #expect(result.culprit.name == "hog-77")
    #expect(result.culprit.confidence == .proven)
    #expect(result.refuted.contains { $0.culprit == .higherPriorityTask })
  }

  @Test func `a normal thread that runs when a FIFO loop must leave was throttled out`() {
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 59)
    let normal: (pid: Int32, comm: String, prio: Int32) = (Build.tid, "measure", 120)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: hog, prio: 120, slack: 50)
    build.wake(at: 951, interrupting: 77, stack: nil, prio: 120, needResched: false)
    build.change(951_000, from: hog, state: .runnable, to: normal)
    let sample = Build.sample(expiry: 900, wake: 951_004, policy: .other, priority: 0)
    let result = explain(build, sample) {
      $0.rtRuntime = Nanoseconds(950_000_000)
      $0.rtPeriod = Nanoseconds(1_000_000_000)
    }
    #expect(result.culprit.culprit == .rtThrottling)
    #expect(result.culprit.name == "hog-77")
    #expect(result.culprit.confidence == .proven)
    #expect(result.sumsAreExact)
    let unlimited = explain(build, sample) { $0.rtRuntime = Nanoseconds(-1_000) }
    #expect(unlimited.culprit.culprit == .higherPriorityTask)
    #expect(unlimited.refuted.contains { $0.culprit == .rtThrottling })
  }

  @Test func `a real-time thread that sees normal tasks run while it is ready was throttled`() {
    var build = Build()
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 9)
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    build.change(1_000, from: hog, state: .runnable, to: worker)
    build.change(51_000, from: worker, state: .runnable, to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 51_004)) {
      $0.rtRuntime = Nanoseconds(950_000_000)
    }
    #expect(result.culprit.culprit == .rtThrottling)
    #expect(result.culprit.claimed == Nanoseconds(50_000_000))
    #expect(result.sumsAreExact)
  }

  @Test func `a normal thread's wait is divided among those that ran`() {
    let second: (pid: Int32, comm: String, prio: Int32) = (42, "ld", 120)
    let normal: (pid: Int32, comm: String, prio: Int32) = (Build.tid, "measure", 120)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker, prio: 120)
    build.wake(at: 901, interrupting: worker.pid, stack: nil, prio: 120, needResched: false)
    build.change(3_906, from: worker, state: .runnable, to: second)
    build.change(4_906, from: second, state: .runnable, to: normal)
    let result = explain(
      build, Build.sample(expiry: 900, wake: 4_910, policy: .other, priority: 0))
    #expect(result.culprit.culprit == .runQueue)
    #expect(result.culprit.name == "cc1-41")
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.claimed == Nanoseconds(4_000_000))
    #expect(result.culprit.nextStep.contains("ld-42 1000 us"))
    #expect(result.sumsAreExact)
  }

  @Test func `a fault after the switch is the fault's, the sleep for the page included`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(at: 901, interrupting: 0, stack: nil)
    build.change(908, from: idle, state: .runnable, to: measured)
    build.finish(at: 910)
    build.add(
      911, pid: Build.tid,
      .pageFault(user: true, address: 0x7f00_1000, ip: CodeLocation(address: 0x7f00_1000)))
    build.change(915, from: measured, state: .blocked("D"), to: idle)
    build.change(1_500, from: idle, state: .runnable, to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_510))
    #expect(result.culprit.culprit == .pageFault)
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.claimed == Nanoseconds(599_000))
    #expect(result.sumsAreExact)
  }

  @Test
  func `the wake-up for a page is not taken for the thread's own where the switch is missing`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(at: 907, interrupting: 0, stack: nil)
    build.finish(at: 916)
    build.add(
      917, pid: Build.tid,
      .pageFault(user: true, address: 0x7f00_1000, ip: CodeLocation(address: 0x7f00_1000)))
    build.change(2_385, from: measured, state: .blocked("D"), to: idle)
    build.add(
      4_114, pid: 0,
      .waking(
        WakeEvent(
          task: TaskIdentity(pid: Build.tid, comm: "measure"), priority: KernelPriority(19),
          targetCPU: 1)), flags: EventContext.Bit.irqsOff | EventContext.Bit.softIRQ)
    let result = explain(build, Build.sample(expiry: 900, wake: 4_152))
    #expect(result.culprit.culprit == .pageFault)
    #expect(result.culprit.claimed == Nanoseconds(3_235_000))
    #expect(result.sumsAreExact)
  }

  @Test func `softirqs and device interrupts behind the wake-up are told apart`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.wake(at: 901, interrupting: worker.pid, stack: Build.interruptStack)
    build.add(907, pid: 41, .softirqEntry(vector: 3), flags: EventContext.Bit.softIRQ)
    build.add(
      1_100, pid: 41, .irqEntry(irq: 24, handler: "eth0"),
      flags: EventContext.Bit.softIRQ | EventContext.Bit.hardIRQ)
    build.add(1_200, pid: 41, .irqExit(irq: 24, handled: true), flags: EventContext.Bit.softIRQ)
    build.add(1_507, pid: 41, .softirqExit(vector: 3), flags: EventContext.Bit.softIRQ)
    build.change(1_508, from: worker, state: .runnable, to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_510))
    #expect(result.culprit.culprit == .softirq)
    #expect(result.culprit.name == "NET_RX")
    #expect(result.culprit.claimed == Nanoseconds(500_000))
    let interrupt = result.contributors.first { $0.culprit == .hardIRQ }
    #expect(interrupt?.name == "irq/24 eth0")
    #expect(interrupt?.claimed == Nanoseconds(100_000))
    #expect(result.culprit.confidence == .proven)
    #expect(result.sumsAreExact)
  }

  @Test func `events lost in the window cap the confidence`() {
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 9)
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: Build.interruptStack, needResched: false)
    build.change(5_000, from: hog, state: .blocked("S"), to: measured)
    build.gaps = [
      TimelineGap(
        span: TimeSpan(Build.at(2_000), Build.at(3_000)), cause: .lostEvents(count: 12))
    ]
    let result = explain(build, Build.sample(expiry: 900, wake: 5_004))
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.confidence == .possible)
    #expect(result.trace.lostInWindow == 12)
  }

  @Test func `a trace that begins in the window is said to and caps the confidence`() {
    let hog: (pid: Int32, comm: String, prio: Int32) = (77, "hog", 9)
    var build = Build()
    build.wake(at: 901, interrupting: 77, stack: Build.interruptStack, needResched: false)
    build.change(5_000, from: hog, state: .blocked("S"), to: measured)
    let result = explain(build, Build.sample(expiry: 900, wake: 5_004))
    #expect(!result.trace.coversWindow)
    #expect(result.culprit.confidence <= .possible)
  }

  @Test func `what nothing explains is called unexplained`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(at: 901, interrupting: 0, stack: nil)
    build.change(1_400, from: idle, state: .runnable, to: measured)
    build.finish(at: 1_402)
    let result = explain(build, Build.sample(expiry: 900, wake: 1_403))
    #expect(result.culprit.culprit == .unknown)
    #expect(result.culprit.confidence == .unexplained)
    #expect(!result.culprit.nextStep.isEmpty)
    #expect(result.sumsAreExact)
  }

  @Test func `a trace without any event of the thread is all unexplained`() {
    let result = explain(Build(), Build.sample(expiry: 900, wake: 1_403))
    #expect(result.culprit.culprit == .unknown)
    #expect(result.segments.last?.length == Nanoseconds(503_000))
    #expect(result.sumsAreExact)
  }

  @Test func `typical lengths are the median of earlier wake-ups`() {
    var build = Build()
    for cycle in 0..<5 {
      let start = Double(cycle) * 1_000
      build.sleep(at: start, expiry: start + 900, next: idle)
      build.wake(at: start + 902 + Double(cycle), interrupting: 0, stack: nil)
      build.change(start + 915, from: idle, state: .runnable, to: measured)
      build.finish(at: start + 917)
    }
    let result = explain(build, Build.sample(expiry: 4_900, wake: 4_918))
    #expect(result.baselineWakeups == 4)
    #expect(result.segments.first?.typical == Nanoseconds(3_000))
    #expect(result.sumsAreExact)
  }
}
