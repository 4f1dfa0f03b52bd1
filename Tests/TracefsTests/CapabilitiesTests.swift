import SystemPackage
import Testing

@testable import Tracefs

@Suite struct CapabilitiesTests {
  let fake = FakeTracefs()

  private func probe() throws(TracefsError) -> Capabilities {
    try Capabilities.probe(
      root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
  }

  @Test func `what is there is found without a change`() throws {
    let before = fake.snapshot()
    let found = try probe()
    #expect(found.clocks == ["local", "global", "mono"])
    #expect(found.tracers == ["function", "irqsoff", "nop"])
    #expect(found.events.count == 5 && found.events.contains(CoreEvents.waking))
    #expect(found.triggers == ["traceon", "traceoff", "stacktrace", "hist"])
    #expect(found.options == ["print-parent": true, "stacktrace": false, "function-trace": true])
    #expect(found.hasHistograms && found.hasInstances && found.hasThreshold)
    #expect(!found.hasSnapshot && !found.hasKprobes && !found.hasSubBufferSize)
    #expect(found.isRoot && found.lockdown == nil && found.otherUsers.isEmpty)
    #expect(fake.difference(before) == [])
    #expect(!fake.update { $0.accesses }.contains { $0.operation == .write })
  }

  @Test func `other users are told and dead runs are not`() throws {
    fake.put("\(fake.path)/set_event", "sched:sched_switch\n")
    fake.put("\(fake.path)/enabled_functions", "a (1)\nb (1)\n")
    fake.addProcess(makeRun(3))
    for name in ["other", "idle", "breaktrace.2.77", "breaktrace.3.77"] {
      try fake.files().makeDirectory("\(fake.path)/instances/\(name)")
      if name != "idle" { fake.put("\(fake.path)/instances/\(name)/current_tracer", "function\n") }
    }
    let found = try probe()
    #expect(
      found.otherUsers == [
        "the top level records 1 events", "instance breaktrace.3.77 records tracer function",
        "instance other records tracer function", "2 functions are traced, probed or patched",
      ])
    #expect(found.status.needsDisarm)
    #expect(
      found.status.instances.map(\.owner) == [
        .dead(InstanceName(run: makeRun(2))), .live(InstanceName(run: makeRun(3))), .foreign,
        .foreign,
      ])
    #expect(found.status.tracingThreshold == 0)
  }

  @Test func `a tracer is tried in an instance that is gone afterwards`() throws {
    let before = fake.snapshot()
    let path = "\(fake.path)/instances/breaktrace.1.77.probe/current_tracer"
    fake.update {
      $0.refusals[FileAccess(.write, path: path, value: "function")] = .notPermitted
    }
    let results = try TracerTrial.run(
      ["irqsoff", "function"], root: fake.root, run: makeRun(1), files: fake.files())
    #expect(results["irqsoff"] == .works)
    guard case .refused(let error) = results["function"] else {
      Issue.record("function was not refused")
      return
    }
    #expect(error.errno == .notPermitted)
    #expect(fake.difference(before) == [])
  }

  @Test func `no tracer of a family is tried while somebody runs one`() throws {
    let other = "\(fake.path)/instances/other"
    try fake.files().makeDirectory(other)
    fake.put("\(other)/current_tracer", "irqsoff\n")
    let results = try TracerTrial.run(
      ["irqsoff", "preemptoff", "wakeup_rt"], root: fake.root, run: makeRun(1), files: fake.files())
    #expect(results["irqsoff"] == .inUse("irqsoff runs in instance other"))
    #expect(results["preemptoff"] == .inUse("irqsoff runs in instance other"))
    #expect(results["wakeup_rt"] == .works)
  }

  @Test func `the trial leaves nothing when any access fails`() throws {
    for number in 0..<1_000 {
      let fake = FakeTracefs()
      let before = fake.snapshot()
      fake.fail(access: number)
      _ = try? TracerTrial.run(
        ["irqsoff"], root: fake.root, run: makeRun(1), files: fake.files())
      guard let failed = fake.endFailure() else {
        #expect(number > 5)
        return
      }
      if failed.operation != .removeDirectory {
        #expect(fake.difference(before) == [], "\(failed)")
      }
    }
  }
}
