import Analysis
import Report
import Testing
import TraceModel

@testable import Session

/// Whether a report is compared with what was really done.
struct VerifyJudgeTests {
  /// A spike of 6 ms from 1 s on.
  private func spike(
    _ culprit: CulpritClass, _ name: String, _ confidence: Confidence = .proven
  ) -> VerifyJudge.Spike {
    VerifyJudge.Spike(
      window: span(0, 6_000), culprit: culprit, name: name, confidence: confidence,
      headline: "latency")
  }

  /// A span in us after 1 s.
  private func span(_ start: Int64, _ end: Int64) -> TimeSpan {
    TimeSpan(
      Nanoseconds(1_000_000_000 + start * 1_000), Nanoseconds(1_000_000_000 + end * 1_000))
  }

  private func entry(_ start: Int64, _ end: Int64, tid: Int32 = 7) -> FaultLog.Entry {
    FaultLog.Entry(span(start, end), tid: tid)
  }

  @Test func `class and name of what was injected are right`() throws {
    let judge = VerifyJudge(fault: .hogAbove, truth: [entry(-100, 5_900)])
    let round = try #require(judge.round(spike(.higherPriorityTask, "bt-above-7"), bundle: "b"))
    #expect(round.isRight && !round.isWronglyProven)
    #expect(round.latency == Nanoseconds(6_000_000) && round.bundle == "b")
  }

  @Test(arguments: [
    (CulpritClass.higherPriorityTask, "bt-above-8", true, false),
    (.higherPriorityTask, "other-7", true, false),
    (.samePriorityTask, "bt-above-7", false, true), (.hypervisor, "", false, false),
  ])
  func `another class or another task is not`(
    culprit: CulpritClass, name: String, isClassRight: Bool, isNameRight: Bool
  ) throws {
    let judge = VerifyJudge(fault: .hogAbove, truth: [entry(-100, 5_900)])
    let round = try #require(judge.round(spike(culprit, name)))
    #expect(round.isClassRight == isClassRight && round.isNameRight == isNameRight)
    #expect(round.isWronglyProven)
    let weak = try #require(judge.round(spike(culprit, name, .likely)))
    #expect(!weak.isRight && !weak.isWronglyProven)
  }

  @Test(
    arguments: [
      ([], false), ([(-9_000, -1)], false), ([(0, 2_999)], false), ([(0, 3_000)], true),
      // A hog that lost the CPU in between, as where the machine was paused: what it ran counts.
      ([(0, 1_500), (4_600, 6_100)], false), ([(0, 1_500), (4_500, 6_100)], true),
    ] as [([(Int64, Int64)], Bool)])
  func `a spike is the fault's where that was under way for half of it`(
    truth: [(Int64, Int64)], isOurs: Bool
  ) {
    let judge = VerifyJudge(fault: .hogAbove, truth: truth.map { entry($0.0, $0.1) })
    // Whatever the report says.
    #expect(judge.isOurs(spike(.higherPriorityTask, "bt-above-7")) == isOurs)
    #expect((judge.round(spike(.hypervisor, "")) != nil) == isOurs)
  }

  @Test func `either of throttling and the deadline server ends a loop`() throws {
    let judge = VerifyJudge(fault: .throttling, truth: [entry(0, 6_000)])
    for culprit in [CulpritClass.rtThrottling, .deadlineServer] {
      #expect(try #require(judge.round(spike(culprit, "bt-loop-7"))).isRight)
    }
  }

  @Test func `a run queue is named after one of those that were on it`() throws {
    let judge = VerifyJudge(
      fault: .runQueue, truth: [entry(0, 3_000, tid: 7), entry(3_000, 6_000, tid: 8)])
    #expect(try #require(judge.round(spike(.runQueue, "bt-neighbour1-8"))).isRight)
    #expect(try #require(judge.round(spike(.runQueue, "bt-neighbour1-9"))).isNameRight == false)
  }

  @Test func `a shootdown is named after a function`() throws {
    let judge = VerifyJudge(fault: .shootdown, truth: [entry(0, 6_000)])
    #expect(try #require(judge.round(spike(.tlbShootdown, "flush_tlb_mm_range", .likely))).isRight)
    #expect(try #require(judge.round(spike(.tlbShootdown, "bt-shootdown-7"))).isNameRight == false)
  }

  @Test(arguments: [CulpritClass.higherPriorityTask, .timerSoftirq, .samePriorityTask])
  func `on PREEMPT_RT the loop itself may be the cause, and there alone`(culprit: CulpritClass) {
    for isRT in [false, true] {
      for fault in [VerifyFault.throttling, .runQueue] {
        let judge = VerifyJudge(fault: fault, truth: [entry(0, 6_000)], isRT: isRT)
        let name = fault == .throttling ? "bt-loop-7" : "bt-neighbour0-7"
        let isRight = isRT && fault == .throttling && culprit == .higherPriorityTask
        #expect(judge.round(spike(culprit, name))?.isRight == isRight)
        // Never after the thread that could not serve the timer.
        #expect(judge.round(spike(culprit, "ksoftirqd/1-24"))?.isRight == false)
      }
    }
  }

  @Test(
    arguments: [(nil, true), (0, true), (3_000, true), (3_001, false), (5_900, false)]
      as [(Int64?, Bool)])
  func `a timer interrupt that came late is the machine's doing`(delay: Int64?, isOurs: Bool) {
    for fault in VerifyFault.allCases {
      var late = spike(fault.classes[0], "x")
      late.interruptDelay = delay.map { Nanoseconds(microseconds: $0) }
      let judge = VerifyJudge(fault: fault, truth: [entry(0, 6_000)])
      #expect(judge.isOurs(late) == isOurs)
    }
  }

  @Test func `one late spike does not make all faults long`() {
    var scale = VerifyScale()
    scale.note(other: Nanoseconds(microseconds: 64_000))
    #expect(scale.threshold.microseconds <= 7_000)
    for _ in 0..<10 { scale.note(other: Nanoseconds(microseconds: 64_000)) }
    #expect(scale.threshold == VerifyScale.most)
  }

  @Test func `a page fault is the fault's while the page was held back`() {
    let judge = VerifyJudge(fault: .pageFaults, truth: [entry(100, 5_900)])
    #expect(judge.round(spike(.pageFault, "1 fault"))?.isRight == true)
    #expect(judge.round(spike(.runQueue, "other-9"))?.isRight == false)
    #expect(VerifyJudge(fault: .pageFaults, truth: []).round(spike(.pageFault, "1 fault")) == nil)
    let late = VerifyJudge(fault: .pageFaults, truth: [entry(3_100, 9_000)])
    #expect(late.round(spike(.pageFault, "1 fault")) == nil)
  }

  @Test(
    arguments: [
      (0, 3_500, 6_000), (300, 3_500, 6_000), (2_333, 3_500, 6_000), (4_000, 6_000, 10_285),
      (30_000, 45_000, 77_142), (2_000_000, 60_000, 102_857), (.max / 1_000, 60_000, 102_857),
      (-5, 3_500, 6_000),
    ] as [(Int64, Int64, Int64)])
  func `thresholds and lengths follow the machine`(
    worst: Int64, threshold: Int64, busy: Int64
  ) {
    var scale = VerifyScale()
    scale.note(undisturbed: Nanoseconds(microseconds: worst))
    #expect(scale.threshold.microseconds == threshold && scale.busy.microseconds == busy)
    for fault in [VerifyFault.hogAbove, .hogEqual, .lockOwner, .pageFaults] {
      #expect(fault.threshold(scale) == scale.threshold)
      // A fault that keeps the CPU for half of a period is not a disturbance, but the load.
      for process in fault.faults(cpu: 1, other: 0, scale: scale) {
        #expect(process.busy * 10 <= process.period && process.busy > scale.threshold)
      }
    }
    // What was late later does not make it shorter.
    scale.note(undisturbed: Nanoseconds(microseconds: 1))
    #expect(scale.threshold.microseconds == threshold)
  }

  @Test func `every fault has a class, a name of its own, and processes that end`() {
    #expect(Set(VerifyFault.allCases.map(\.rawValue)).count == VerifyFault.allCases.count)
    for fault in VerifyFault.allCases {
      #expect(!fault.classes.isEmpty && fault.threshold(VerifyScale()) > .zero)
      let faults = fault.faults(cpu: 1, other: 0, scale: VerifyScale())
      #expect(faults.isEmpty == (fault == .pageFaults))
      for process in faults {
        #expect(process.name.utf8.count <= 15)
        #expect(process.duration >= fault.patience)
        #expect(process.duration <= Nanoseconds(60_000_000_000))
        #expect(Fault(arguments: process.arguments) == process)
      }
    }
  }

  @Test func `what cannot be injected is told`() {
    func text(
      _ fault: VerifyFault, cpus: [Int] = [0, 1], runtime: Int64? = 950_000, server: Bool = false,
      architecture: String = "x86_64", isRT: Bool = false, pageHold: String? = nil
    ) -> String? {
      VerifyObstacle.text(
        fault,
        on: VerifyObstacle.Machine(
          cpus: CPUSet(cpus), rtRuntime: runtime.map { Nanoseconds(microseconds: $0) },
          rtPeriod: Nanoseconds(microseconds: 1_000_000), hasDeadlineServer: server,
          architecture: architecture, isRT: isRT, pageHold: pageHold))
    }
    for fault in VerifyFault.allCases { #expect(text(fault) == nil) }
    #expect(text(.throttling, cpus: [0])?.contains("second CPU") == true)
    #expect(text(.shootdown, cpus: [0])?.contains("second CPU") == true)
    #expect(text(.shootdown, architecture: "aarch64")?.contains("without interrupting") == true)
    for runtime in [-1, 1_000_000, nil] as [Int64?] {
      #expect(text(.throttling, runtime: runtime)?.contains("sched_rt_runtime_us") == true)
      #expect(text(.throttling, runtime: runtime, server: true) == nil)
    }
    #expect(text(.hogAbove, cpus: [0], runtime: -1) == nil)
    for fault in VerifyFault.allCases {
      #expect((text(fault, isRT: true) == nil) == (fault != .shootdown))
    }
    #expect(text(.pageFaults, pageHold: "no userfaultfd") == "no userfaultfd")
  }
}
