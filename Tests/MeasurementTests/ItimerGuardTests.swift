import Foundation
import Measurement
import Testing
import TraceModel

@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["LD_PRELOAD"] == nil, "signals are blocked"))
struct ItimerGuardTests {
  @Test func `setitimer is refused where SIGALRM would end the process`() throws {
    // The test program's own threads do not block it.
    var plan = quickPlan()
    plan.waitMode = .itimer
    let error = try #require(throws: MeasurementError.self) { try Engine(plan: plan).prepare() }
    #expect(error.hint.contains("SIGALRM"))
  }
}
