import SystemPackage
import Testing
import TraceModel

@testable import Tracefs

@Suite struct ArmingTests {
  let fake = FakeTracefs()
  let name = InstanceName(run: makeRun(1))
  let switched = EventName("sched", "sched_switch")

  private func arm(_ plan: ArmingPlan) throws(TracefsError) -> ArmedInstance {
    fake.addProcess(makeRun(1))
    return try ArmedInstance(
      plan, name: name, root: fake.root, journal: fake.journal(makeRun(1)), files: fake.files())
  }

  /// A plan in which everything occurs.
  private var full: ArmingPlan {
    ArmingPlan(
      bufferKilobytes: 100, clocks: ["mono"],
      events: [
        .init(switched, isRequired: true),
        .init(EventName("exceptions", "page_fault_user"), filter: "common_pid==5"),
      ],
      triggers: [.init(CoreEvents.waking, "stacktrace if pid==5")],
      options: [.init("stacktrace", true), .init("function-trace", false)], cpus: CPUSet([0]),
      tracer: "irqsoff", tracingThreshold: 50, eventPIDs: [5, 6])
  }

  @Test func `the plan is applied in the order that loses nothing`() throws {
    let instance = try arm(full)
    let directory = "\(fake.path)/instances/breaktrace.1.77"
    let writes = fake.update { $0.accesses }.filter {
      ($0.operation == .write && $0.path.hasPrefix(fake.path)) || $0.operation == .makeDirectory
    }.filter { !$0.path.hasPrefix(fake.journalDirectory) }
    #expect(
      writes.map { $0.path.replacing(directory, with: "I").replacing(fake.path, with: "T") } == [
        "I", "I/tracing_on", "I/options/function-trace", "T/tracing_thresh", "I/current_tracer",
        "I/trace_clock", "I/buffer_size_kb", "I/options/stacktrace", "I/tracing_cpumask",
        "I/set_event_pid", "I/events/sched/sched_switch/enable",
        "I/events/exceptions/page_fault_user/enable", "I/events/exceptions/page_fault_user/filter",
        "I/events/sched/sched_waking/trigger", "I/tracing_on",
      ])
    #expect(fake.get("\(directory)/events/sched/sched_waking/trigger") == "stacktrace if pid==5")
    #expect(instance.shortcomings.isEmpty)
    #expect(instance.disarm().isClean)
  }

  @Test func `disarming leaves nothing and can be repeated`() throws {
    let before = fake.snapshot()
    let instance = try arm(full)
    #expect(fake.get("\(fake.path)/tracing_thresh") == "50")
    let report = instance.disarm()
    #expect(report.removedInstances == [instance.directory] && report.isClean)
    #expect(instance.disarm() == report)
    #expect(fake.difference(before) == [])
  }

  @Test(arguments: [("103", true), ("96", false), ("X", false)])
  func `the buffer that the kernel gave is reported`(given: String, isEnough: Bool) throws {
    let path = "\(fake.path)/instances/\(name.text)/buffer_size_kb"
    let files = ControlFiles(proc: fake.proc) { [fake] access in
      if access.operation == .write && access.path == path {
        fake.put(path, "\(given)\n")
        return .handled
      }
      return access.operation == .makeDirectory ? fake.fakeInterception(access) : .proceed
    }
    fake.addProcess(makeRun(1))
    let instance = try ArmedInstance(
      ArmingPlan(bufferKilobytes: 100), name: name, root: fake.root,
      journal: fake.journal(makeRun(1)), files: files)
    let item = instance.items.first { $0.kind == .buffer }
    #expect(item?.wanted == "100" && item?.got == given)
    #expect(instance.shortcomings.map(\.kind) == (isEnough ? [] : [.buffer]))
    instance.abandon()
  }

  @Test func `a missing event is reported and a required one is refused`() throws {
    let missing = EventName("irq_vectors", "local_timer_entry")
    let instance = try arm(ArmingPlan(events: [.init(missing, filter: "a==1"), .init(switched)]))
    let item = try #require(instance.items.first { $0.name == missing.description })
    #expect(item.error?.errno == .noSuchFileOrDirectory)
    #expect(item.error?.hint == "only x86 kernels have this event")
    #expect(instance.shortcomings.map(\.name) == [missing.description])
    #expect(instance.disarm().isClean)

    let before = fake.snapshot()
    let error = #expect(throws: TracefsError.self) {
      try arm(ArmingPlan(events: [.init(missing, isRequired: true)]))
    }
    #expect(error?.path.hasSuffix("irq_vectors/local_timer_entry/enable") == true)
    #expect(fake.difference(before) == [])
  }

  @Test func `an event whose filter is refused is switched off again`() throws {
    let event = EventName("exceptions", "page_fault_user")
    let directory = "\(fake.path)/instances/\(name.text)/\(event.path)"
    fake.update {
      $0.refusals[FileAccess(.write, path: "\(directory)/filter", value: "x==1")] = .invalidArgument
    }
    let instance = try arm(ArmingPlan(events: [.init(event, filter: "x==1")]))
    #expect(fake.get("\(directory)/enable") == "0")
    #expect(Set(instance.shortcomings.map(\.kind)) == [.event, .filter])
    instance.disarm()
  }

  @Test func `a clock that is missing is replaced by the next and none is an error`() throws {
    let instance = try arm(ArmingPlan(clocks: ["tai", "global"]))
    #expect(instance.items.first { $0.kind == .clock }?.got == "global")
    instance.disarm()
    let error = #expect(throws: TracefsError.self) { try arm(ArmingPlan(clocks: ["tai"])) }
    #expect(error?.hint == "the clocks of this kernel are local, global, mono")
  }

  @Test func `a tracer that another instance runs is not even tried`() throws {
    let other = "\(fake.path)/instances/other"
    try fake.files().makeDirectory(other)
    fake.put("\(other)/current_tracer", "preemptoff\n")
    let error = #expect(throws: TracefsError.self) { try arm(ArmingPlan(tracer: "irqsoff")) }
    #expect(error?.errno == .resourceBusy)
    #expect(error?.hint.contains("preemptoff runs in instance other") == true)
    let tried = fake.update { $0.accesses }.contains {
      $0.operation == .write && $0.path.hasSuffix("current_tracer")
    }
    #expect(!tried)
    #expect(fake.get("\(other)/current_tracer") == "preemptoff")
    // Another family does not exclude it.
    fake.put("\(other)/current_tracer", "wakeup_rt\n")
    #expect(try arm(ArmingPlan(tracer: "irqsoff")).disarm().isClean)
  }

  @Test func `every failing access of a whole run is survived and said`() throws {
    var refused = 0
    for number in 0..<1_000 {
      let fake = FakeTracefs()
      let before = fake.snapshot()
      fake.addProcess(makeRun(1))
      fake.fail(access: number)
      let armed = Result {
        try ArmedInstance(
          full, name: name, root: fake.root, journal: fake.journal(makeRun(1)), files: fake.files())
      }
      var said: [String] = []
      switch armed {
      case .failure(let error):
        refused += 1
        let failed = try #require(fake.endFailure())
        let error = try #require(error as? TracefsError)
        #expect(error.errno == .ioError && error.path == failed.path, "\(failed)")
        #expect(error.description.contains(failed.path), "\(failed)")
      case .success(let instance):
        let report = instance.disarm()
        said = report.isClean ? [] : report.lines
      }
      let failed = fake.endFailure()
      let left = fake.difference(before).filter { !$0.hasPrefix("/run") }
      // What a failing restore leaves is said, and it is found again when the run is dead.
      #expect(left.isEmpty || !said.isEmpty, "\(failed as Any): \(left)")
      fake.removeProcess(makeRun(1))
      _ = Disarm.run(
        root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
      #expect(fake.difference(before) == [], "\(failed as Any)")
      if failed == nil, case .success = armed { break }
    }
    #expect(refused >= 25)
  }

  /// Pages of 64 bytes.
  private let header = """
    \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
    \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
    \tfield: char data;\toffset:16;\tsize:48;\tsigned:0;

    """

  /// Three pages of 64 bytes with the stamps 100, 200, 300, as a kernel without mapping gives them.
  @Test(arguments: [(0, 3), (99, 3), (100, 3), (199, 3), (200, 2), (299, 2), (300, 1), (999, 1)])
  func `without mapping the pages before a time are read and dropped`(since: Int64, pages: Int)
    throws
  {
    let instance = try arm(ArmingPlan())
    fake.put("\(fake.path)/events/header_page", header)
    let file = try FileDescriptor.open(
      FilePath(instance.rawPagesPath(cpu: 0)), .writeOnly, options: .truncate)
    for stamp in [100, 200, 300] as [Int64] {
      var page = [UInt8](repeating: 7, count: 64)
      page.withUnsafeMutableBytes { $0.storeBytes(of: stamp, as: Int64.self) }
      try file.writeAll(page)
    }
    try file.close()
    var bytes: [UInt8] = [1, 2]
    let selection = try instance.appendPages(cpu: 0, since: Nanoseconds(since), to: &bytes)
    #expect(selection == PageSelection(pages: pages, skipped: 3 - pages, isConsuming: true))
    #expect(bytes.count == 2 + pages * 64)
    #expect(bytes[2] == UInt8(truncatingIfNeeded: (4 - pages) * 100))
    instance.disarm()
  }

  @Test func `restarting empties the buffer and goes on`() throws {
    let instance = try arm(ArmingPlan())
    fake.put(instance.file("trace"), "old\n")
    try instance.restart()
    #expect(fake.get(instance.file("trace")) == "")
    #expect(try instance.cpus() == [0, 1])
    #expect(try instance.statistics().map(\.entries) == [0, 1])
    #expect(try instance.savedComms() == [12: "a b"])
    #expect(try instance.formats().isEmpty)
    var bytes: [UInt8] = [1]
    fake.put("\(fake.path)/events/header_page", header)
    fake.put(instance.rawPagesPath(cpu: 0), String(repeating: "x", count: 64 * 3))
    #expect(try instance.appendPages(cpu: 0, to: &bytes) == 3)
    #expect(bytes == [1] + [UInt8](repeating: 0x78, count: 192))
    #expect(try instance.appendPages(cpu: 0, to: &bytes, limit: 2) == 2)
    #expect(bytes.count == 1 + 5 * 64)
    instance.disarm()
  }
}
