import Analysis
import Testing
import TraceModel

/// What hwlat, osnoise and function_graph add to a verdict.
@Suite struct TracerEvidenceTests {
  // MARK: hwlat

  /// The user's code was interrupted 1462 us late, and no counter reports an SMI.
  private func stall(
    _ gaps: [HardwareGap]?, hypervisor: String? = nil,
    platform: SystemContext.Platform = .bareMetal
  ) -> Finding {
    Scenario(
      .hardwareStall, "", .possible, wake: 2_385,
      context: {
        $0.hardwareGaps = gaps
        $0.platform = hypervisor.map { .guest($0) } ?? platform
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 2_362, interrupting: worker.pid, stack: TimelineBuilder.interruptStack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
    }.analysis.culprit
  }

  private func gap(
    _ start: Double, _ end: Double, cpu: Int = 0, count: Int = 1, nmis: Int = 0
  ) -> HardwareGap {
    HardwareGap(
      cpu: cpu, end: TimelineBuilder.at(end),
      length: TimelineBuilder.at(end) - TimelineBuilder.at(start), count: count, nmis: nmis)
  }

  @Test func `a gap of another CPU over the silence proves a stall of the hardware`() {
    let verdict = stall([gap(890, 2_360)])
    #expect(verdict.culprit == .hardwareStall)
    #expect(verdict.confidence == .proven)
    #expect(verdict.evidence.contains { $0.event == "hwlat" && $0.cpu == 0 })
    // A guest that nobody recognised would show the same.
    let unknown = stall([gap(890, 2_360)], platform: .unknown)
    #expect(unknown.culprit == .hardwareStall)
    #expect(unknown.confidence == .likely)
  }

  @Test func `a gap of the same CPU or of a part of the silence makes it likely`() {
    for one in [gap(890, 2_360, cpu: 1), gap(1_500, 2_360)] {
      #expect(stall([one]).confidence == .likely, "\(one)")
    }
  }

  @Test func `a gap elsewhere, one of several or one with an NMI says nothing`() {
    let others = [
      gap(100, 890), gap(890, 1_200), gap(890, 2_360, count: 2), gap(890, 2_360, nmis: 1),
    ]
    for one in others {
      let verdict = stall([one])
      #expect(verdict.confidence == .possible, "\(one)")
      #expect(!verdict.evidence.contains { $0.event == "hwlat" }, "\(one)")
    }
    #expect(stall(nil).confidence == .possible)
  }

  @Test func `in a virtual machine a gap makes the hypervisor likely and never proven`() {
    #expect(stall([], hypervisor: "KVM").confidence == .possible)
    let verdict = stall([gap(890, 2_360)], hypervisor: "KVM")
    #expect(verdict.culprit == .hypervisor)
    #expect(verdict.confidence == .likely)
    #expect(verdict.evidence.contains { $0.event == "hwlat" })
  }

  @Test func `code of the kernel is not blamed for a pause that another CPU had too`() {
    func verdict(_ gaps: [HardwareGap]) -> SpikeAnalysis {
      Scenario(
        .irqsOff, "", .likely, wake: 2_385,
        context: {
          $0.hypervisor = "KVM"
          $0.hardwareGaps = gaps
        }
      ) { own, _ in Scenarios.lateTimer(&own, 2_362, ["preempt_schedule_thunk", "vfs_write"]) }
      .analysis
    }
    #expect(verdict([]).culprit.culprit == .irqsOff)
    let paused = verdict([gap(890, 2_360)])
    #expect(paused.culprit.culprit == .hypervisor)
    #expect(paused.refuted.contains { $0.culprit == .irqsOff && $0.reason.contains("hwlat") })
    #expect(verdict([gap(890, 2_360, cpu: 1)]).culprit.culprit == .irqsOff)
  }

  /// An interrupt handler is entered before the expiry and left 600 us after it, and writes nothing
  /// meanwhile.
  private func handler(_ gaps: [HardwareGap], until end: Double = 1_500) -> SpikeAnalysis {
    Scenario(
      .hardIRQ, "irq/24 eth0", .proven, wake: 1_520, context: { $0.hardwareGaps = gaps }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(898, pid: 41, .irqEntry(irq: 24, handler: "eth0"), flags: Scenarios.hard)
      if end < 1_500 {
        own.add(end, pid: 41, .softirqRaise(vector: 3), flags: Scenarios.hard)
      }
      own.add(1_500, pid: 41, .irqExit(irq: 24, handled: true), flags: Scenarios.hard)
      own.wake(at: 1_501, interrupting: 41, stack: TimelineBuilder.interruptStack)
      own.change(1_510, from: worker, state: .runnable, to: measured)
      own.finish(at: 1_515)
    }.analysis
  }

  @Test func `a handler is not blamed for a pause that another CPU had meanwhile`() {
    #expect(handler([]).culprit.culprit == .hardIRQ)
    #expect(handler([gap(905, 1_495, cpu: 1)]).culprit.culprit == .hardIRQ)
    let paused = handler([gap(905, 1_495)])
    #expect(paused.culprit.culprit == .hardwareStall)
    #expect(paused.culprit.confidence == .proven)
    #expect(paused.refuted.contains { $0.culprit == .hardIRQ && $0.reason.contains("hwlat") })
    #expect(paused.sumsAreExact)
  }

  @Test func `a handler keeps what is left of it beside the pause, and proves nothing`() {
    let both = handler([gap(905, 1_195)], until: 1_200)
    #expect(both.culprit.culprit == .hardwareStall || both.culprit.culprit == .hardIRQ)
    let rest = ([both.culprit] + both.contributors).first { $0.culprit == .hardIRQ }
    #expect(rest.map { (280_000...320_000).contains($0.claimed.count) } == true)
    #expect(rest?.confidence == .likely)
    #expect(both.sumsAreExact)
  }

  // MARK: osnoise

  private static let hog: Actor = (77, "hog", 9)

  /// A task of higher priority runs from 904 to 2904 us, with an interrupt of 500 us in it. The
  /// kernel's clock `local` is 50 ms behind.
  private func ranWith(net: Double?) -> SpikeAnalysis {
    Scenario(.higherPriorityTask, "hog-77", .proven, wake: 2_920) { own, _ in
      own.sleep(at: 0, expiry: 900, next: Self.hog)
      let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
      own.wake(at: 902, interrupting: 77, stack: nil, needResched: false)
      own.add(1_500, pid: 77, .irqEntry(irq: 9, handler: "nic"), flags: hard)
      own.add(2_000, pid: 77, .irqExit(irq: 9, handled: true), flags: hard)
      if let net {
        let local = { (time: Double) in
          "\((TimelineBuilder.at(time) - Nanoseconds(50_000_000)).count)"
        }
        own.other(
          2_000.5, pid: 77, "osnoise", "irq_noise",
          fields: [
            ("start", local(1_500)), ("duration", "500000"), ("desc", "nic"), ("vector", "9"),
          ])
        own.other(
          2_904, pid: 77, "osnoise", "thread_noise",
          fields: [
            ("comm", "hog"), ("start", local(1)), ("duration", "\(Int64(net * 1_000))"),
            ("pid", "77"),
          ])
      }
      own.change(2_905, from: Self.hog, state: .blocked("S"), to: measured)
      own.finish(at: 2_910)
    }.analysis
  }

  @Test func `a net time that the replay has too is evidence`() {
    let analysis = ranWith(net: 2_398)
    #expect(analysis.culprit.confidence == .proven)
    let noise = analysis.culprit.evidence.filter { $0.event == "osnoise" }
    #expect(noise.contains { $0.text.contains("task hog-77 2398 us net;") })
    #expect(!noise.contains { $0.text.contains("disagrees") })
    #expect(analysis.sumsAreExact)
  }

  @Test func `a net time that the replay does not have is said, and nothing is proven then`() {
    let analysis = ranWith(net: 1_000)
    #expect(analysis.culprit.culprit == .higherPriorityTask)
    #expect(analysis.culprit.confidence == .likely)
    #expect(
      analysis.culprit.evidence.contains {
        $0.event == "osnoise" && $0.text.contains("which disagrees")
      })
  }

  @Test func `without osnoise nothing is said of it`() {
    let analysis = ranWith(net: nil)
    #expect(analysis.culprit.confidence == .proven)
    #expect(!analysis.culprit.evidence.contains { $0.event == "osnoise" })
  }

  // MARK: function_graph

  private func timed(_ calls: [FunctionCall]) -> Finding {
    Scenario(.irqsOff, "rmqueue", .likely, wake: 1_130, context: { $0.functionCalls = calls }) {
      own, _ in Scenarios.lateTimer(&own, 1_117, ["_raw_spin_unlock_irqrestore", "rmqueue"])
    }.analysis.culprit
  }

  private func call(
    _ name: String, _ start: Double, _ end: Double, depth: Int = 0
  ) -> FunctionCall {
    FunctionCall(
      name: name, cpu: 1, end: TimelineBuilder.at(end),
      length: TimelineBuilder.at(end) - TimelineBuilder.at(start), depth: depth)
  }

  @Test func `the named function's time is told with what took long in it`() {
    let verdict = timed([
      call("rmqueue", 850, 1_120), call("clear_page", 900, 1_100, depth: 1),
      call("short", 1_100, 1_101, depth: 1), call("elsewhere", 900, 1_100),
    ])
    let lines = verdict.evidence.filter { $0.event == "function_graph" }.map(\.text)
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("rmqueue took 270 us, ") == true)
    #expect(lines.last == "inside, clear_page took 200 us")
    // How long it took does not say that IRQs were disabled in it.
    #expect(verdict.confidence == .likely)
  }

  @Test func `another function's time is no evidence`() {
    let verdict = timed([call("elsewhere", 850, 1_120), call("rmqueue", 100, 300)])
    #expect(!verdict.evidence.contains { $0.event == "function_graph" })
  }
}
