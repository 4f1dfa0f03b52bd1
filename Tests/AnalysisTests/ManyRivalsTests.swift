import Analysis
import Testing
import TraceModel

/// Many causes of which none is worth a finding by itself.
@Suite struct ManyRivalsTests {
  typealias Build = TimelineBuilder

  private func explain(_ build: TimelineBuilder, wake: Double) -> SpikeAnalysis {
    var context = SystemContext()
    context.preemption = SystemContext.PreemptionModel.none
    return Analyzer(context: context).explain(
      Build.sample(expiry: 900, wake: wake), in: build.timeline)
  }

  /// `count` tasks of priority `prio` one after the other, each `length` us, the third twice as
  /// long.
  private func crowd(_ count: Int, length: Double, prio: Int32, name: String = "rival")
    -> (Build, Double)
  {
    var build = Build()
    func actor(_ index: Int) -> Actor { (Int32(100 + index), "\(name)\(index)", prio) }
    build.sleep(at: 0, expiry: 900, next: actor(0))
    build.wake(at: 901, interrupting: 100, stack: nil, needResched: false)
    var time = 910.0
    for index in 0..<count {
      time += index == 2 ? 2 * length : length
      build.change(
        time, from: actor(index), state: .blocked("S"),
        to: index + 1 < count ? actor(index + 1) : measured)
    }
    build.finish(at: time + 3)
    return (build, time + 4)
  }

  @Test func `many short tasks above the thread are one finding with their sum`() {
    let (build, wake) = crowd(20, length: 50, prio: 9)
    let result = explain(build, wake: wake)
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.name == "rival2-102 and 19 more")
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.claimed >= Nanoseconds(1_040_000))
    #expect(result.culprit.evidence.first?.text.hasPrefix("20 tasks above rt 80 took") == true)
    #expect(result.culprit.nextStep.contains("rival2-102 the most with 100 us"))
    #expect(result.sumsAreExact)
  }

  @Test func `one long task keeps its own name, the short ones stand beside it`() {
    var (build, _) = crowd(1, length: 2_000, prio: 9, name: "hog")
    build = Build()
    let hog: Actor = (77, "hog", 9)
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    build.change(2_900, from: hog, state: .blocked("S"), to: (100, "a", 9))
    for index in 0..<6 {
      let from: Actor = (Int32(100 + index), index == 0 ? "a" : "b\(index)", 9)
      build.change(
        3_000 + Double(index) * 100, from: from, state: .blocked("S"),
        to: index == 5 ? measured : (Int32(101 + index), "b\(index + 1)", 9))
    }
    build.finish(at: 3_503)
    let result = explain(build, wake: 3_504)
    #expect(result.culprit.name == "hog-77")
    let others = result.contributors.first { $0.culprit == .higherPriorityTask }
    #expect(others?.name == "a-100 and 5 more")
    #expect(result.sumsAreExact)
  }

  @Test func `equals are summed as equals`() {
    let result = { (build: (Build, Double)) in self.explain(build.0, wake: build.1) }(
      crowd(20, length: 40, prio: 19))
    #expect(result.culprit.culprit == .samePriorityTask)
    #expect(result.culprit.evidence.first?.text.hasPrefix("20 tasks at rt 80 took") == true)
    #expect(result.sumsAreExact)
  }

  @Test func `short tasks that together are not worth it are none`() {
    var build = Build()
    let hog: Actor = (77, "hog", 9)
    build.sleep(at: 0, expiry: 900, next: hog)
    build.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    build.change(9_900, from: hog, state: .blocked("S"), to: (100, "a", 9))
    build.change(9_950, from: (100, "a", 9), state: .blocked("S"), to: (101, "b", 9))
    build.change(9_990, from: (101, "b", 9), state: .blocked("S"), to: measured)
    build.finish(at: 9_993)
    let result = explain(build, wake: 9_994)
    #expect(result.culprit.name == "hog-77")
    #expect(!result.contributors.contains { $0.culprit == .higherPriorityTask })
  }

  @Test func `short interrupts of many kinds are one finding with their sum`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: worker)
    let hard = EventContext.Bit.irqsOff | EventContext.Bit.hardIRQ
    for irq in 0..<12 {
      let time = 901 + Double(irq) * 41
      build.add(
        time, pid: worker.pid, .irqEntry(irq: Int32(20 + irq), handler: "dev\(irq)"), flags: hard)
      build.add(
        time + (irq == 4 ? 40 : 35), pid: worker.pid, .irqExit(irq: Int32(20 + irq), handled: true),
        flags: hard)
    }
    build.wake(at: 1_400, interrupting: worker.pid, stack: nil)
    build.change(1_408, from: worker, state: .preempted, to: measured)
    build.finish(at: 1_411)
    let result = explain(build, wake: 1_412)
    #expect(result.culprit.culprit == .hardIRQ)
    #expect(result.culprit.name == "irq/24 dev4 and 11 more")
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.claimed == Nanoseconds(425_000))
    #expect(result.sumsAreExact)
  }

  @Test func `thousands of interrupt threads with softirqs and boosts are no quadratic matter`() {
    let count = 6_000
    var build = Build()
    func actor(_ index: Int) -> Actor { (Int32(1_000 + index), "irq/\(index)-x", 9) }
    build.sleep(at: 0, expiry: 900, next: actor(0))
    build.wake(at: 901, interrupting: 1_000, stack: nil, needResched: false)
    let soft = EventContext.Bit.softIRQ
    var time = 910.0
    for index in 0..<count {
      let pid = actor(index).pid
      build.boost(time + 0.2, by: pid, (pid, "irq/\(index)-x", 120), to: 9)
      build.add(time + 0.3, pid: pid, .softirqEntry(vector: 3), flags: soft)
      build.add(time + 0.8, pid: pid, .softirqExit(vector: 3), flags: soft)
      time += 1
      build.change(
        time, from: actor(index), state: .blocked("S"),
        to: index + 1 < count ? actor(index + 1) : measured)
    }
    build.finish(at: time + 3)
    var result: SpikeAnalysis?
    let elapsed = ContinuousClock().measure { result = explain(build, wake: time + 4) }
    #expect(result?.sumsAreExact == true)
    // Unoptimised on a loaded machine; pairs of them all would take minutes.
    #expect(elapsed < .seconds(30), "\(elapsed)")
  }
}

/// Tasks that take another name.
@Suite struct RenamedTaskTests {
  typealias Build = TimelineBuilder

  private func renamed(at time: Double, event: Bool, comeAgain: Bool = false) -> SpikeAnalysis {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: (77, "first", 9))
    build.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    if event {
      build.other(
        time, pid: 77, "task", "task_rename",
        fields: [
          ("pid", "77"), ("oldcomm", "first"), ("newcomm", "second"), ("oom_score_adj", "0"),
        ])
    }
    build.change(3_000, from: (77, "second", 9), state: .blocked("S"), to: measured)
    build.finish(at: 3_003)
    // It takes a third name later, which is nobody's business here.
    build.add(
      3_050, pid: 0,
      .waking(
        WakeEvent(
          task: TaskIdentity(pid: 77, comm: "third"), priority: KernelPriority(9), targetCPU: 1)))
    var context = SystemContext()
    context.preemption = SystemContext.PreemptionModel.none
    var timeline = build.timeline
    timeline.comms[77] = "third"
    return Analyzer(context: context).explain(
      Build.sample(expiry: 900, wake: 3_004), in: timeline)
  }

  @Test func `a task that renames itself late is called by the name that it had most of the time`()
  {
    let result = renamed(at: 2_900, event: true)
    #expect(result.culprit.culprit == .higherPriorityTask)
    #expect(result.culprit.name == "first-77")
    #expect(result.culprit.claimed >= Nanoseconds(2_090_000))
    #expect(result.ran.map(\.occupant.name).contains("second-77"))
    #expect(result.sumsAreExact)
  }

  @Test func `one that renames itself early is called by the new name`() {
    #expect(renamed(at: 950, event: true).culprit.name == "second-77")
  }

  @Test func `without the event the name that it left with counts for its turn`() {
    let result = renamed(at: 0, event: false)
    #expect(result.culprit.name == "second-77")
    #expect(!result.ran.map(\.occupant.name).contains("third-77"))
  }

  @Test func `lines of the excerpt have the name of their time`() {
    let result = renamed(at: 2_900, event: true)
    let names = result.excerpt.filter { $0.task.pid == 77 }.map(\.task.comm)
    #expect(names.contains("first") && names.contains("second") && !names.contains("third"))
  }

  @Test func `an earlier turn keeps its own name`() {
    var build = Build()
    build.sleep(at: 0, expiry: 900, next: (77, "first", 9))
    build.wake(at: 901, interrupting: 77, stack: nil, needResched: false)
    build.change(2_000, from: (77, "first", 9), state: .runnable, to: (88, "other", 9))
    build.change(2_400, from: (88, "other", 9), state: .blocked("S"), to: (77, "first", 9))
    build.change(2_800, from: (77, "second", 9), state: .blocked("S"), to: measured)
    build.finish(at: 2_803)
    let result = Analyzer(context: SystemContext()).explain(
      Build.sample(expiry: 900, wake: 2_804), in: build.timeline)
    let names = result.ran.map(\.occupant.name)
    #expect(names.contains("first-77") && names.contains("second-77"))
    #expect(result.culprit.name == "first-77")
  }
}
