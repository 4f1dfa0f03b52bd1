import SystemPackage
import Testing

@testable import Tracefs

/// Global settings that tracers have, through the journal.
@Suite struct SettingTests {
  let fake = FakeTracefs()
  let name = InstanceName(run: makeRun(1))
  var options: String { "\(fake.path)/osnoise/options" }

  /// Plays the kernel's `osnoise/options` and `set_graph_function`.
  private var files: ControlFiles {
    ControlFiles(proc: fake.proc) { [fake] access in
      if access.operation == .write, let value = access.value {
        if access.path.hasSuffix("/osnoise/options") {
          fake.put(
            access.path,
            value == "NO_OSNOISE_WORKLOAD"
              ? "NO_DEFAULTS NO_OSNOISE_WORKLOAD NO_PANIC_ON_STOP \n"
              : "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP \n")
          return .handled
        }
        if access.path.hasSuffix("/set_graph_function") {
          fake.put(
            access.path,
            value.isEmpty ? "#### all functions enabled ####\n" : "\(value) [module]\n")
          return .handled
        }
      }
      if access.operation == .makeDirectory { return fake.fakeInterception(access) }
      if access.operation == .removeDirectory { return fake.fakeRemoval(access, fake.files()) }
      return .proceed
    }
  }

  private func arm(_ settings: [ArmingPlan.Setting]) throws(TracefsError) -> ArmedInstance {
    try? fake.files().makeDirectory("\(fake.path)/osnoise")
    fake.put(options, "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP \n")
    fake.put("\(fake.path)/set_graph_function", "#### all functions enabled ####\n")
    fake.addProcess(makeRun(1))
    var plan = ArmingPlan(clocks: ["mono"])
    plan.settings = settings
    return try ArmedInstance(
      plan, name: name, root: fake.root,
      journal: Journal(run: makeRun(1), directory: fake.journalDirectory, files: files),
      files: files)
  }

  @Test func `a switch in a file of switches is changed and restored by its word`() throws {
    let instance = try arm([
      .init("osnoise/options#OSNOISE_WORKLOAD", "NO_OSNOISE_WORKLOAD", users: ["osnoise"])
    ])
    #expect(fake.get(options) == "NO_DEFAULTS NO_OSNOISE_WORKLOAD NO_PANIC_ON_STOP")
    #expect(instance.items.first { $0.kind == .setting }?.got == "NO_OSNOISE_WORKLOAD")
    let report = instance.disarm()
    #expect(report.isClean)
    #expect(report.restored.map(\.result) == [.restored("OSNOISE_WORKLOAD")])
    #expect(fake.get(options) == "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP")
  }

  @Test func `a list of functions is emptied again`() throws {
    let instance = try arm([.init("set_graph_function#", "rmqueue", users: ["function_graph"])])
    #expect(fake.get("\(fake.path)/set_graph_function") == "rmqueue [module]")
    #expect(instance.disarm().isClean)
    #expect(fake.get("\(fake.path)/set_graph_function") == "#### all functions enabled ####")
  }

  @Test func `a dead run's switch is restored by the next`() throws {
    try arm([
      .init("osnoise/options#OSNOISE_WORKLOAD", "NO_OSNOISE_WORKLOAD", users: ["osnoise"])
    ]).abandon()
    fake.removeProcess(makeRun(1))
    _ = Disarm.run(root: fake.root, journalDirectory: fake.journalDirectory, files: files)
    #expect(fake.get(options) == "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP")
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `a switch that this kernel has not is an error and nothing is left`() throws {
    let error = #expect(throws: TracefsError.self) {
      try arm([.init("osnoise/options#NO_SUCH", "NO_NO_SUCH", users: [])])
    }
    #expect(error?.path == options)
    #expect(fake.get(options) == "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP")
    #expect(!fake.exists("\(fake.path)/instances/\(name.text)"))
  }

  @Test func `a setting that somebody's tracer uses is left alone`() throws {
    let other = "\(fake.path)/instances/other"
    try fake.files().makeDirectory(other)
    fake.put("\(other)/current_tracer", "timerlat\n")
    let error = #expect(throws: TracefsError.self) {
      try arm([
        .init(
          "osnoise/options#OSNOISE_WORKLOAD", "NO_OSNOISE_WORKLOAD", users: ["osnoise", "timerlat"])
      ])
    }
    #expect(error?.errno == .resourceBusy)
    #expect(error?.hint.contains("timerlat runs in instance other") == true)
    #expect(fake.get(options) == "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP")
  }
}
