import SystemPackage
import Testing
import TraceModel

@testable import Tracefs

/// A latency tracer's instance, and the spare buffer.
@Suite struct ArmedTracerTests {
  let fake = FakeTracefs()
  let name = InstanceName(run: makeRun(1))
  var thresh: String { "\(fake.path)/tracing_thresh" }

  private func arm(_ plan: ArmingPlan) throws -> ArmedInstance {
    fake.addProcess(makeRun(1))
    return try ArmedInstance(
      plan, name: name, root: fake.root, journal: fake.journal(makeRun(1)), files: fake.files())
  }

  /// What was last written to `tracing_on`, which a made-up file keeps all of.
  private func lastSwitch(_ instance: ArmedInstance) -> String? {
    fake.update { $0.accesses }.last {
      $0.operation == .write && $0.path == instance.file("tracing_on")
    }?.value
  }

  private func armTracer() throws -> ArmedInstance {
    var plan = ArmingPlan.latencyTracer("irqsoff", thresholdMicroseconds: 500)
    plan.cpus = CPUSet([1])
    plan.clocks = ["mono"]
    return try arm(plan)
  }

  @Test func `a latency tracer is limited to the CPUs of the plan and that is read back`() throws {
    let before = fake.snapshot()
    let instance = try armTracer()
    #expect(fake.get(instance.file("tracing_cpumask")) == "2")
    let item = try #require(instance.items.first { $0.kind == .cpus })
    #expect(item.wanted == "2" && item.got == "2")
    #expect(instance.disarm().isClean)
    #expect(fake.difference(before) == [])
  }

  @Test func `a latency tracer runs on the clock of the top level, with which sections are timed`()
    throws
  {
    fake.put("\(fake.path)/trace_clock", "local [global] mono\n")
    var plan = ArmingPlan.latencyTracer("irqsoff", thresholdMicroseconds: 500)
    plan.followsTopLevelClock = true
    let instance = try arm(plan)
    #expect(instance.items.first { $0.kind == .clock }?.wanted == "global")
    #expect(fake.get(instance.file("trace_clock")).contains("global"))
    #expect(instance.disarm().isClean)
  }

  @Test func `what others do to the tracer is noticed`() throws {
    let instance = try armTracer()
    #expect(try instance.tracerDisturbance() == nil)
    fake.put(thresh, "90000\n")
    #expect(try instance.tracerDisturbance() == .threshold(wanted: "500", got: "90000"))
    fake.put(thresh, "500\n")
    fake.put(instance.file("current_tracer"), "nop\n")
    #expect(try instance.tracerDisturbance() == .replaced(by: "nop"))
    fake.put(instance.file("current_tracer"), "irqsoff\n")
    #expect(instance.disarm().isClean)
  }

  @Test func `all sections' ends are recorded below a threshold that none reaches`() throws {
    fake.put("\(fake.path)/events/header_page", "")
    let before = fake.snapshot()
    let instance = try armTracer()
    fake.put(instance.file("tracing_max_latency"), "700\n")
    var during: [String] = []
    fake.put(instance.rawPagesPath(cpu: 0), "a page of before")
    try instance.recordSectionEnds {
      during = [thresh, instance.file("tracing_max_latency")].map(fake.get)
      during.append(lastSwitch(instance) ?? "")
    }
    #expect(during == ["1000000", "0", "1"])
    #expect(fake.get(thresh) == "500" && lastSwitch(instance) == "0")
    #expect(instance.disarm().isClean)
    #expect(fake.difference(before) == [])
  }

  @Test func `the threshold is as before where recording sections' ends fails`() throws {
    let instance = try armTracer()
    fake.put("\(fake.path)/events/header_page", "")
    fake.put(instance.rawPagesPath(cpu: 0), "")
    let refused = FileAccess(.write, path: instance.file("trace"), value: "")
    fake.update { $0.refusals[refused] = .ioError }
    let error = #expect(throws: TracefsError.self) { try instance.recordSectionEnds {} }
    #expect(error?.path == refused.path)
    #expect(fake.get(thresh) == "500")
    #expect(instance.disarm().isClean)
  }

  @Test func `a spare buffer is allocated, exchanged and emptied`() throws {
    var plan = ArmingPlan(clocks: ["mono"])
    #expect(try !arm(plan).hasSpare)
    _ = Disarm.run(root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
    plan.wantsSpare = true
    fake.removeProcess(makeRun(1))
    _ = Disarm.run(root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
    let instance = try arm(plan)
    #expect(instance.hasSpare && instance.shortcomings.isEmpty)
    fake.put("\(fake.path)/events/header_page", "")
    fake.put(instance.sparePagesPath(cpu: 0), "")
    try instance.swapBuffers()
    #expect(fake.get(instance.file("snapshot")) == "1")
    try instance.emptySpare()
    #expect(fake.get(instance.file("snapshot")) == "2")
    #expect(instance.disarm().isClean)
  }

  @Test(arguments: [Errno.noSuchFileOrDirectory, .noMemory, .resourceBusy])
  func `a spare buffer that is refused is said and is no error`(reason: Errno) throws {
    var plan = ArmingPlan(clocks: ["mono"])
    plan.wantsSpare = true
    let path = "\(fake.path)/instances/\(name.text)/snapshot"
    fake.update { $0.refusals[FileAccess(.write, path: path, value: "1")] = reason }
    let instance = try arm(plan)
    #expect(!instance.hasSpare)
    #expect(instance.shortcomings.map(\.kind) == [.spare])
    #expect(instance.shortcomings.first?.error?.errno == reason)
    #expect(instance.disarm().isClean)
  }
}
