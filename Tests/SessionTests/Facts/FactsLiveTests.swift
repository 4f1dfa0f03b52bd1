import Foundation
import Report
import Session
import Testing
import TraceModel

@Suite(.serialized) struct FactsLiveTests {
  @Test func `the running machine is described as uname and proc do`() throws {
    let facts = FactsCollector().start().machine
    var name = utsname()
    #expect(uname(&name) == 0)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    #expect(facts.system == text(name.sysname))
    #expect(facts.release == text(name.release))
    #expect(facts.version == text(name.version))
    #expect(facts.architecture == text(name.machine))
    #expect(facts.online?.count == ProcessInfo.processInfo.activeProcessorCount)
    #expect(facts.clockSource?.isEmpty == false)
    let flagged = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).contains(
      " hypervisor")
    if flagged { #expect(facts.platform.hypervisor != nil) }
  }

  @Test(
    .enabled(
      if: FileManager.default.isReadableFile(atPath: "/proc/config.gz"), "needs /proc/config.gz"))
  func `the preemption model is found where the configuration can be read`() throws {
    let facts = FactsCollector().start().machine
    let config = try #require(KernelConfig(SystemFiles(), release: facts.release ?? ""))
    #expect(facts.hz == config.value("HZ").flatMap { Int($0) })
    if config.value("PREEMPT_NONE") == "y", facts.commandLine?.contains("preempt=") == false {
      #expect(facts.preemption == "none")
    } else {
      #expect(facts.preemption != nil)
    }
  }

  @Test func `collecting without the configuration is quick`() {
    var best = Duration.seconds(10)
    for _ in 0..<3 {
      best = min(
        best,
        ContinuousClock().measure {
          _ = MachineCollector().collect()
          _ = TunablesCollector().collect()
          _ = RTThreadCollector().collect()
          _ = CounterCollector().snapshot(threads: [getpid()])
          _ = KernelLog(SystemFiles())
        })
    }
    print("collecting took \(best)")
    #expect(best < .milliseconds(200), "an unoptimised build on a loaded machine")
  }

  @Test func `this thread's own counters grow`() throws {
    let tid = getpid()
    let before = CounterCollector().snapshot(threads: [tid])
    try #require(before.threads[tid] != nil)
    let after = CounterCollector().snapshot(threads: [tid])
    let deltas = after.delta(since: before, cpu: 0, tid: tid)
    #expect(deltas.minorFaults != nil)
    #expect(deltas.voluntarySwitches != nil)
    #expect(deltas.stealRun != nil)
  }

  @Test func `migration threads are among the real-time threads`() {
    let rows = RTThreadCollector().collect()
    guard FileManager.default.fileExists(atPath: "/proc/2/task/2/stat"),
      rows.contains(where: { $0.comm.hasPrefix("migration/") })
    else { return }
    #expect(rows.first?.priority == 99 || rows.first?.policy == .deadline)
  }
}
