import Analysis
import Report
import Testing
import TraceModel

@testable import Session

/// Whether a report is compared with what was really done.
struct VerifyJudgeTests {
  /// A spike of 6 ms from 1 s on.
  private func spike(
    _ culprit: CulpritClass, _ name: String, _ confidence: Confidence = .proven,
    fault: Int64? = nil
  ) -> VerifyJudge.Spike {
    VerifyJudge.Spike(
      window: span(0, 6_000), culprit: culprit, name: name, confidence: confidence,
      fault: fault.map { span($0, $0).start }, headline: "latency")
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

  @Test(
    arguments: [
      // The eviction is over before the thread runs into it.
      (-900, -500, 100, true), (-900, 200, 100, true),
      // No fault, a fault in the second half, a fault long after the eviction or before it.
      (-900, -500, nil, false), (-900, -500, 3_001, false), (-90_000, -80_000, 100, false),
      (200, 300, 100, false),
    ] as [(Int64, Int64, Int64?, Bool)])
  func `a page fault is the fault's right after an eviction`(
    start: Int64, end: Int64, fault: Int64?, isOurs: Bool
  ) {
    let judge = VerifyJudge(fault: .pageFaults, truth: [entry(start, end)])
    let round = judge.round(spike(.pageFault, "1 fault", fault: fault))
    #expect((round != nil) == isOurs)
    #expect(round?.isRight != false)
  }

  @Test func `every fault has a class, a name of its own, and processes that end`() {
    #expect(Set(VerifyFault.allCases.map(\.rawValue)).count == VerifyFault.allCases.count)
    for fault in VerifyFault.allCases {
      #expect(!fault.classes.isEmpty && fault.threshold > .zero)
      let faults = fault.faults(cpu: 1, other: 0, measured: 42)
      #expect(!faults.isEmpty)
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
      architecture: String = "x86_64"
    ) -> String? {
      VerifyObstacle.text(
        fault,
        on: VerifyObstacle.Machine(
          cpus: CPUSet(cpus), rtRuntime: runtime.map { Nanoseconds(microseconds: $0) },
          rtPeriod: Nanoseconds(microseconds: 1_000_000), hasDeadlineServer: server,
          architecture: architecture))
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
  }
}
