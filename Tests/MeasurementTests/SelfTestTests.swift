import Measurement
import Testing
import TraceModel

@Suite(.serialized) struct SelfTestTests {
  @Test func `the self-test runs before and behind begin and counts nowhere`() throws {
    var plan = quickPlan(threads: 2, loops: 10)
    plan.selfTestCycles = 16
    plan.sampleCapacity = 64
    let engine = Engine(plan: plan)
    try engine.prepare()
    // What is taken here is gone: the second call has the other half alone.
    let early = engine.takeSelfTest(thread: 0)
    #expect(early.before.count == 16 && early.after.isEmpty)
    engine.begin()
    engine.join()
    let late = engine.takeSelfTest(thread: 0)
    #expect(late.before.isEmpty && late.after.count == 16)
    let other = engine.takeSelfTest(thread: 1)
    #expect(other.before.count == 16 && other.after.count == 16)
    #expect((other.before + other.after).allSatisfy { $0 > .zero })
    #expect(engine.statistics().map(\.cycles) == [10, 10])
    var sequences: [UInt64] = []
    engine.drainSamples(thread: 0) { sequences.append($0.sequence) }
    #expect(sequences == (plan.warmupCycles..<plan.warmupCycles + 10).map { $0 })
  }

  @Test func `a latency of the self-test never takes the break`() throws {
    var plan = quickPlan(loops: 1, threshold: 1_000_000)
    plan.breakThreshold = Nanoseconds(3_600_000_000_000)
    plan.selfTestCycles = 32
    let engine = try finished(plan)
    #expect(engine.hit == nil)
  }

  @Test func `without one there is nothing to take`() throws {
    let engine = try finished(quickPlan(loops: 3))
    #expect(engine.takeSelfTest(thread: 0) == SelfTestSamples())
  }

  @Test func `more cycles than a run should wait for are refused`() {
    var plan = quickPlan()
    plan.selfTestCycles = 1_025
    #expect(throws: MeasurementError.self) { try plan.validate() }
  }
}
