import Testing
import TraceModel

@testable import Analysis

/// A stretch without events is not evidence of code: a pause of the machine looks the same.
@Suite struct SilenceTests {
  typealias Build = TimelineBuilder

  /// A machine, and whether a silent stretch of a length is proven to be code on it.
  struct Machine: CustomTestStringConvertible, Sendable {
    var text: String
    var milliseconds: Double
    var isProven: Bool
    var rivals: Set<CulpritClass>
    var change: @Sendable (inout SystemContext) -> Void

    var testDescription: String { text }

    init(
      _ text: String, _ milliseconds: Double, proven: Bool, _ rivals: Set<CulpritClass>,
      _ change: @escaping @Sendable (inout SystemContext) -> Void
    ) {
      self.text = text
      self.milliseconds = milliseconds
      isProven = proven
      self.rivals = rivals
      self.change = change
    }
  }

  static let machines: [Machine] = [
    Machine("bare metal, no SMI", 3, proven: true, []) { $0.smiCount = 0 },
    Machine("bare metal, SMIs not counted", 3, proven: false, [.hardwareStall]) {
      $0.smiCount = nil
    },
    Machine("bare metal, the SMI counter moved", 3, proven: false, [.hardwareStall]) {
      $0.smiCount = 40
    },
    Machine("unknown", 3, proven: false, [.hypervisor, .hardwareStall]) { $0.platform = .unknown },
    Machine("unknown, nothing is known", 3, proven: false, [.hypervisor, .hardwareStall]) {
      let model = $0.preemption
      $0 = SystemContext()
      $0.preemption = model
    },
    Machine("guest without steal time", 40, proven: false, [.hypervisor]) {
      $0.hypervisor = "QEMU"
    },
    Machine("guest, steal at 0 since boot", 40, proven: false, [.hypervisor]) {
      $0.hypervisor = "KVM"
      $0.steal = [1: .zero]
    },
    // Seen: pauses of 25 to 45 ms in a guest whose counter moves at other times.
    Machine("guest, steal counts and did not move", 40, proven: false, [.hypervisor]) {
      $0.hypervisor = "KVM"
      $0.steal = [1: .zero]
      $0.countsSteal = true
    },
    Machine("guest, steal counts too coarsely for so short a time", 3, proven: false, [.hypervisor])
    {
      $0.hypervisor = "KVM"
      $0.steal = [1: .zero]
      $0.countsSteal = true
    },
    Machine("guest, steal of another CPU only", 40, proven: false, [.hypervisor]) {
      $0.hypervisor = "KVM"
      $0.steal = [0: .zero]
      $0.countsSteal = true
    },
    Machine("guest, an SMI counter proves nothing", 3, proven: false, [.hypervisor]) {
      $0.hypervisor = "KVM"
      $0.smiCount = 0
    },
  ]

  /// What may be silent for a while, with its begin and its end in the trace.
  static let causes: [CulpritClass] = [
    .hardIRQ, .softirq, .irqsOff, .higherPriorityTask, .preemptOff, .nmi,
  ]

  static func scenario(
    _ culprit: CulpritClass, _ milliseconds: Double, busy: Bool = false,
    _ change: @escaping @Sendable (inout SystemContext) -> Void
  ) -> Scenario {
    let length = milliseconds * 1_000
    let end = 900 + length
    let sections: [LatencySection] =
      switch culprit {
      case .irqsOff:
        [
          LatencySection(
            tracer: "irqsoff", cpu: 1, span: TimeSpan(Build.at(890), Build.at(end)),
            startFunction: "holder", endFunction: "holder")
        ]
      case .preemptOff:
        [
          LatencySection(
            tracer: "preemptoff", cpu: 1, span: TimeSpan(Build.at(890), Build.at(end + 20)),
            startFunction: "holder", endFunction: "holder")
        ]
      default: []
      }
    return Scenario(
      culprit, "", .proven, wake: end + 30,
      model: culprit == .preemptOff ? .full : SystemContext.PreemptionModel.none,
      sections: sections, context: change
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: culprit == .higherPriorityTask ? Scenarios.hog : worker)
      let host = culprit == .higherPriorityTask ? Scenarios.hog : worker
      /// Events of the same code, each 100 us, where it is to be seen at work.
      func work(_ flags: UInt8) {
        guard busy else { return }
        for time in stride(from: 920.0, to: end, by: 100) {
          own.other(time, pid: host.pid, "kmem", "kmalloc", flags: flags)
        }
      }
      let stack = TimelineBuilder.interruptStack + ["_raw_spin_unlock_irqrestore", "holder"]
      switch culprit {
      case .hardIRQ:
        own.add(895, pid: 41, .irqEntry(irq: 9, handler: "slow"), flags: Scenarios.hard)
        work(Scenarios.hard)
        own.add(end, pid: 41, .irqExit(irq: 9, handled: true), flags: Scenarios.hard)
        own.wake(at: end + 2, interrupting: 41, stack: TimelineBuilder.interruptStack)
      case .softirq:
        own.wake(at: 902, interrupting: 41, stack: TimelineBuilder.interruptStack)
        own.add(910, pid: 41, .softirqEntry(vector: 3), flags: Scenarios.soft)
        work(Scenarios.soft)
        own.add(end, pid: 41, .softirqExit(vector: 3), flags: Scenarios.soft)
      case .irqsOff:
        work(EventContext.Bit.irqsOff)
        own.wake(at: end, interrupting: 41, stack: stack)
      case .nmi:
        if busy {
          for time in stride(from: 920.0, to: end, by: 100) {
            own.add(
              time + 100, pid: 41,
              .nmi(handler: Scenarios.place("slow_nmi"), duration: Nanoseconds(100_000)))
          }
        } else {
          own.add(
            end, pid: 41,
            .nmi(handler: Scenarios.place("slow_nmi"), duration: Nanoseconds(Int64(length * 1_000)))
          )
        }
        own.wake(at: end + 2, interrupting: 41, stack: TimelineBuilder.interruptStack)
      default:
        own.wake(
          at: 902, interrupting: host.pid, stack: stack, needResched: culprit == .preemptOff)
        work(culprit == .preemptOff ? Scenarios.asked : 0)
      }
      own.change(
        end + 20, from: host, state: culprit == .higherPriorityTask ? .blocked("S") : .preempted,
        to: measured)
      own.finish(at: end + 25)
    }
  }

  @Test(arguments: causes, machines)
  func `a silent cause is proven only where a pause is ruled out`(
    culprit: CulpritClass, machine: Machine
  ) {
    let result = Self.scenario(culprit, machine.milliseconds, machine.change).analysis
    #expect(result.culprit.culprit == culprit)
    #expect(result.sumsAreExact)
    #expect((result.culprit.confidence == .proven) == machine.isProven, "\(result.culprit)")
    #expect(result.culprit.confidence > .possible || culprit == .irqsOff || !machine.isProven)
    // The rival that looks the same is named and not ruled out, and the next step says what
    // decides.
    let pauses: Set<CulpritClass> = [.hypervisor, .hardwareStall]
    #expect(pauses.intersection(result.open.map(\.culprit)) == machine.rivals)
    #expect(pauses.intersection(result.refuted.map(\.culprit)).isDisjoint(with: machine.rivals))
    #expect(result.culprit.nextStep.contains("not ruled out") == !machine.rivals.isEmpty)
  }

  @Test(arguments: causes)
  func `events inside prove that the code ran, on any machine`(culprit: CulpritClass) {
    for machine in Self.machines {
      let result = Self.scenario(culprit, 3, busy: true, machine.change).analysis
      #expect(result.culprit.culprit == culprit, "\(machine.text)")
      #expect(result.culprit.confidence == .proven, "\(machine.text): \(result.culprit)")
      #expect(!result.open.contains { $0.culprit == .hypervisor && $0.reason.contains("no event") })
    }
  }

  /// A hard interrupt of 3 ms with one event in the middle of it, or with `count` of them.
  private func interrupt(_ payload: EventPayload, count: Int = 1) -> SpikeAnalysis {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    build.add(895, pid: 41, .irqEntry(irq: 9, handler: "slow"), flags: Scenarios.hard)
    for number in 1...count {
      build.add(
        900 + 3_000 * Double(number) / Double(count + 1), pid: 41, payload, flags: Scenarios.hard)
    }
    build.add(3_900, pid: 41, .irqExit(irq: 9, handled: true), flags: Scenarios.hard)
    build.wake(at: 3_902, interrupting: 41, stack: Build.interruptStack)
    build.change(3_910, from: worker, state: .preempted, to: measured)
    build.finish(at: 3_915)
    return Analyzer(context: SystemContext()).explain(
      Build.sample(expiry: 900, wake: 3_916), in: build.timeline)
  }

  @Test func `two or three pauses in a row are as good an explanation as one`() {
    let event = EventPayload.softirqRaise(vector: 3)
    for (count, word) in [(1, Confidence.likely), (2, .likely), (9, .proven)] {
      let result = interrupt(event, count: count)
      #expect(result.culprit.culprit == .hardIRQ)
      #expect(result.culprit.confidence == word, "\(count) events inside")
      #expect(result.open.contains { $0.culprit == .hypervisor } == (word == .likely))
    }
  }

  @Test func `a stack is no event of its own`() {
    let result = interrupt(.stack([Scenarios.place("slow_handler")]), count: 9)
    #expect(result.culprit.confidence == .likely)
    #expect(result.open.first?.reason.contains("3000 us") == true, "\(result.open)")
  }

  @Test func `a silence that nothing explains leaves the pause open`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: idle)
    build.wake(at: 902, interrupting: 0, stack: nil)
    build.change(1_500, from: idle, state: .runnable, to: measured)
    build.finish(at: 1_505)
    let result = Analyzer(context: SystemContext()).explain(
      Build.sample(expiry: 900, wake: 1_506), in: build.timeline)
    #expect(result.culprit.culprit == .unknown)
    #expect(result.open.contains { $0.culprit == .hypervisor })
    // The next step names nothing that this report rules out.
    for refutation in result.refuted {
      #expect(!result.culprit.nextStep.contains("(\(refutation.culprit.rawValue))"))
    }
  }

  @Test func `advice on firmware fits the architecture`() {
    for (architecture, word) in [("aarch64", "firmware"), ("x86_64", "SMI")] {
      let result = Self.scenario(.hardIRQ, 3) {
        $0.smiCount = nil
        $0.architecture = architecture
      }.analysis
      let said = result.open.map(\.reason).joined() + result.culprit.nextStep
      #expect(said.contains(word), "\(architecture): \(said)")
      #expect(said.contains("SMI") == (architecture == "x86_64"), "\(said)")
    }
  }

  /// The usual timer interrupt, ten times, then one in which `pause` us pass between two of its
  /// events.
  private func interruptWithPause(
    _ pause: Double, after event: Int, platform: SystemContext.Platform, usual: Double = 0
  ) -> SpikeAnalysis {
    var build = Build()
    func cycle(_ start: Double, _ pause: Double) {
      build.sleep(at: start, expiry: start + 900, next: idle)
      let first = build.events.count
      build.wake(at: start + 902, interrupting: 0, stack: nil)
      for index in build.events.indices where index > first + event {
        build.events[index].time += Nanoseconds(Int64(pause * 1_000))
      }
      build.change(start + 912 + pause, from: idle, state: .runnable, to: measured)
      build.finish(at: start + 915 + pause)
    }
    for number in 0..<10 { cycle(Double(number) * 10_000, usual) }
    cycle(100_000, pause)
    var context = SystemContext()
    context.preemption = SystemContext.PreemptionModel.none
    context.platform = platform
    context.smiCount = platform == .bareMetal ? 0 : nil
    return Analyzer(context: context).explain(
      Build.sample(expiry: 100_900, wake: 100_916 + pause), in: build.timeline)
  }

  @Test(arguments: [0, 1, 2])
  func `a pause between two events of the timer interrupt is the host's, not the handler's`(
    event: Int
  ) {
    let result = interruptWithPause(1_400, after: event, platform: .guest("KVM"))
    #expect(result.culprit.culprit == .hypervisor, "\(result.culprit)")
    #expect(result.culprit.confidence == .possible)
    #expect(result.open.contains { $0.culprit == .hardIRQ }, "\(result.open)")
    #expect(result.sumsAreExact)
  }

  @Test func `what always takes so long is the handler's`() {
    let result = interruptWithPause(1_400, after: 1, platform: .guest("KVM"), usual: 1_200)
    #expect(result.culprit.culprit != .hypervisor)
    #expect(result.culprit.confidence < .proven)
  }

  @Test func `on a physical machine the interrupt keeps its time`() {
    let result = interruptWithPause(1_400, after: 1, platform: .bareMetal)
    #expect(result.culprit.culprit == .hardIRQ, "\(result.culprit)")
  }

  @Test func `an interrupt of a paravirtual device says that this was a guest`() {
    var build = Build()
    build.add(5, pid: 41, .irqEntry(irq: 30, handler: "virtio0-input.0"), flags: Scenarios.hard)
    build.add(6, pid: 41, .irqExit(irq: 30, handled: true), flags: Scenarios.hard)
    build.sleep(at: 10, expiry: 900, next: worker)
    build.wake(at: 2_362, interrupting: worker.pid, stack: Build.interruptStack)
    build.change(2_370, from: worker, state: .runnable, to: measured)
    build.finish(at: 2_384)
    let sample = Build.sample(expiry: 900, wake: 2_385)
    let guest = Analyzer(context: SystemContext()).explain(sample, in: build.timeline)
    #expect(guest.culprit.culprit == .hypervisor)
    #expect(guest.culprit.confidence == .possible)
    build.events.removeFirst(2)
    let unknown = Analyzer(context: SystemContext()).explain(sample, in: build.timeline)
    #expect(unknown.culprit.confidence <= .possible)
    #expect(
      unknown.open.contains { $0.culprit == .hypervisor && $0.reason.contains("does not show") })
  }

  @Test func `who ran is open where no switch was recorded`() {
    var build = Build()
    build.wake(at: 902, interrupting: worker.pid, stack: nil)
    build.finish(at: 1_400)
    let result = Analyzer(context: SystemContext()).explain(
      Build.sample(expiry: 900, wake: 1_405), in: build.timeline)
    #expect(!result.refuted.contains { $0.culprit == .higherPriorityTask })
    #expect(!result.refuted.contains { $0.culprit == .rtThrottling })
    #expect(result.open.contains { $0.culprit == .higherPriorityTask })
  }

  @Test(arguments: [1, 4, 10] as [Int64])
  func `a clock of a tick's resolution gives lengths within one tick`(milliseconds: Int64) {
    func analysis(_ ticks: Int64, shift: Int64) -> SpikeAnalysis {
      var build = Build()
      build.sleep(at: 0, expiry: 900, next: worker)
      build.wake(at: 950, interrupting: worker.pid, stack: nil)
      for number in 0..<6 { build.other(960 + Double(number), pid: 41, "kmem", "kmalloc") }
      build.change(1_300, from: worker, state: .preempted, to: measured)
      build.finish(at: 1_310)
      let tick = milliseconds * 1_000_000
      for index in build.events.indices {
        let late = build.events[index].time >= Build.at(1_300)
        build.events[index].time = Nanoseconds(tick * (late ? 100 + ticks : 100) + shift)
      }
      var sample = Build.sample(expiry: 900, wake: 1_310)
      sample.expiry = Nanoseconds(tick * 100 + shift)
      sample.wake = Nanoseconds(tick * (100 + ticks) + shift)
      return Analyzer(context: SystemContext()).explain(sample, in: build.timeline)
    }
    let coarse = analysis(1, shift: 0)
    #expect(coarse.culprit.culprit == .clock)
    #expect(coarse.culprit.confidence == .possible)
    #expect(coarse.culprit.name.contains("\(milliseconds) ms"))
    #expect(analysis(1, shift: 123_000).culprit.culprit == .clock)
    // A length of many ticks is reported, but nothing about it is better than possible.
    let long = analysis(50, shift: 0)
    #expect(long.culprit.culprit != .clock)
    #expect(long.culprit.confidence <= .possible)
  }
}
