import Glibc
import Synchronization
import SystemPackage
import Testing
import TraceModel

@testable import Tracefs

/// Whether this machine lets instances be made.
let hasTracefs =
  geteuid() == 0 && access("\(TracefsRoot.standardPath)/instances", R_OK | W_OK) == 0

@Suite(.serialized, .enabled(if: hasTracefs, "needs root and a mounted tracefs"))
struct LiveTracefsTests {
  let root = TracefsRoot(path: TracefsRoot.standardPath)
  /// Only the journals of these tests; the machine's own are never touched.
  let fake = FakeTracefs()

  private func name(_ run: RunIdentity, _ suffix: String = "") -> InstanceName {
    InstanceName(run: run, suffix: "tfs" + suffix)
  }

  private func arm(
    _ plan: ArmingPlan, _ name: InstanceName, files: ControlFiles = ControlFiles()
  ) throws(TracefsError) -> ArmedInstance {
    try ArmedInstance(
      plan, name: name, root: root,
      journal: Journal(run: name.run, directory: fake.journalDirectory, files: files), files: files)
  }

  private var ourInstances: [String] {
    ((try? root.instances()) ?? []).filter { $0.contains(".tfs") }
  }

  /// What tests of others leave alone: the values that are global.
  private var globals: [String: String] {
    var found: [String: String] = [:]
    for file in [
      "current_tracer", "tracing_on", "trace_clock", "set_event", "trace_options",
      "tracing_cpumask", "buffer_size_kb", "saved_cmdlines_size", "tracing_thresh",
    ] { found[file] = try? ControlFiles().value(root.file(file)) }
    return found
  }

  /// Makes the scheduler write something.
  private func makeEvents() {
    for _ in 0..<50 {
      var time = timespec(tv_sec: 0, tv_nsec: 200_000)
      clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
    }
  }

  @Test func `core events are armed, recorded, read and gone`() throws {
    let before = globals
    let run = try RunIdentity.current()
    let instance = try arm(.core(bufferKilobytes: 1_024, tids: [gettidOfThisThread()]), name(run))
    // Not every kernel has every event, but all that it has are enabled.
    let capabilities = try Capabilities.probe(root: root)
    for item in instance.shortcomings where item.kind == .event {
      let event = try #require(EventName(item.name))
      #expect(!capabilities.events.contains(event), "\(item)")
    }
    #expect(instance.items.contains { $0.kind == .trigger && $0.error == nil })
    #expect(instance.items.first { $0.kind == .clock }?.got == "mono")
    makeEvents()
    try instance.marker.writeAll("breaktrace: hit\n".utf8)
    try instance.stop()

    let size = try instance.pageSize()
    var total = 0
    for statistics in try instance.statistics() {
      var bytes: [UInt8] = []
      let pages = try instance.appendPages(cpu: statistics.cpu, to: &bytes)
      #expect(bytes.count == pages * size)
      total += pages
      guard statistics.entries > 0 else { continue }
      // The pages' own counters (the commit of header_page: 8 bytes after the stamp) sum to what
      // the kernel counts, but for the unused end of each page, which it counts too.
      var used: UInt64 = 0
      for page in 0..<pages {
        let low = bytes.withUnsafeBytes {
          $0.loadUnaligned(fromByteOffset: page * size + 8, as: UInt32.self)
        }
        used += UInt64(low & 0xF_FFFF)
      }
      #expect(statistics.overrun == 0 && used <= statistics.bytes)
      #expect(statistics.bytes <= used + UInt64(pages * 256))
      let oldest = try #require(statistics.oldestEvent)
      let first = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
      #expect(abs(first - oldest.count) < 1_000_000_000)
      let after = try instance.statistics(cpu: statistics.cpu)
      #expect(after.entries == 0 && after.read == statistics.entries)
    }
    #expect(total > 0)
    let formats = try instance.formats().map(\.event.description)
    for event in ["sched:sched_switch", "ftrace:print", "ftrace:kernel_stack", "ftrace:raw_data"] {
      #expect(formats.contains(event))
    }
    #expect(try instance.headerPage().contains("commit"))
    #expect(try instance.headerEvent().contains("type_len"))
    #expect(try !instance.savedComms().isEmpty)

    try instance.restart()
    makeEvents()
    try instance.stop()
    #expect(try instance.statistics().contains { $0.entries > 0 })
    let report = instance.disarm()
    #expect(report.isClean && report.removedInstances == [instance.directory])
    #expect(ourInstances.isEmpty)
    #expect(globals == before)
  }

  @Test func `pages since a time are the end of all pages`() throws {
    let instance = try arm(.core(bufferKilobytes: 512, tids: []), name(try RunIdentity.current()))
    makeEvents()
    makeEvents()
    try instance.stop()
    for statistics in try instance.statistics() where statistics.entries > 0 {
      let now = try #require(statistics.now)
      let oldest = try #require(statistics.oldestEvent)
      let middle = Nanoseconds((now.count + oldest.count) / 2)
      var late: [UInt8] = []
      let selection = try instance.appendPages(cpu: statistics.cpu, since: middle, to: &late)
      var none: [UInt8] = []
      let last = try instance.appendPages(
        cpu: statistics.cpu, since: Nanoseconds(.max), to: &none)
      var all: [UInt8] = []
      let pages = try instance.appendPages(cpu: statistics.cpu, to: &all)
      guard selection.isConsuming == false else { continue }
      let size = try instance.pageSize()
      #expect(selection.pages + selection.skipped == pages)
      #expect(hasSameEvents(late, Array(all.suffix(late.count)), size) && !late.isEmpty)
      #expect(last.pages == 1 && hasSameEvents(none, Array(all.suffix(none.count)), size))
      if selection.skipped > 0 {
        // The first page given begins at or before the time, the one after it after it.
        let stamp = { (page: Int) in
          late.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: page * size, as: Int64.self) }
        }
        #expect(stamp(0) <= middle.count)
        #expect(selection.pages == 1 || stamp(1) > middle.count)
      }
    }
    #expect(instance.disarm().isClean)
  }

  @Test func `two instances record at once and know nothing of each other`() throws {
    let run = try RunIdentity.current()
    let first = try arm(.core(bufferKilobytes: 256, tids: []), name(run, "1"))
    let second = try arm(
      ArmingPlan(bufferKilobytes: 128, events: [.init(CoreEvents.waking)]), name(run, "2"))
    makeEvents()
    #expect(first.disarm().isClean)
    #expect(ourInstances == [second.name.text])
    makeEvents()
    #expect(try second.statistics().contains { $0.entries > 0 })
    #expect(second.disarm().isClean)
    #expect(ourInstances.isEmpty)
  }

  @Test func `a name that is taken is refused and left alone`() throws {
    let run = try RunIdentity.current()
    let first = try arm(ArmingPlan(bufferKilobytes: 64), name(run))
    let error = #expect(throws: TracefsError.self) {
      try arm(ArmingPlan(bufferKilobytes: 64), name(run))
    }
    #expect(error?.errno == .fileExists && error?.hint.contains("disarm") == true)
    #expect(ourInstances == [first.name.text])
    #expect(first.disarm().isClean)
  }

  @Test func `the buffer that the kernel gave is read back`() throws {
    let instance = try arm(ArmingPlan(bufferKilobytes: 101), name(try RunIdentity.current()))
    let item = try #require(instance.items.first { $0.kind == .buffer })
    let got = try #require(item.got.flatMap { Int($0) })
    #expect(item.wanted == "101" && got >= 101 && got < 130)
    #expect(instance.disarm().isClean)
  }

  @Test func `a buffer beyond memory is refused with what is available`() throws {
    let error = #expect(throws: TracefsError.self) {
      try arm(ArmingPlan(bufferKilobytes: 1 << 34), name(try RunIdentity.current()))
    }
    #expect(error?.path.hasSuffix("/buffer_size_kb") == true)
    #expect(error?.hint.contains("KiB are available") == true, "\(String(describing: error))")
    #expect(ourInstances.isEmpty)
  }

  @Test func `the kernel's words about a wrong filter and trigger come through`() throws {
    let run = try RunIdentity.current()
    let filter = #expect(throws: TracefsError.self) {
      try arm(
        ArmingPlan(
          bufferKilobytes: 64,
          events: [.init(CoreEvents.waking, filter: "nosuch==1", isRequired: true)]), name(run))
    }
    #expect(filter?.hint.contains("Field not found") == true, "\(String(describing: filter))")
    let trigger = #expect(throws: TracefsError.self) {
      try arm(
        ArmingPlan(
          bufferKilobytes: 64,
          triggers: [.init(CoreEvents.waking, "stacktrace if nosuch==1", isRequired: true)]),
        name(run))
    }
    #expect(trigger?.errno == .invalidArgument)
    #expect(ourInstances.isEmpty)
  }

  @Test func `many tasks fit the filters`() throws {
    let tids = (1...2_000).map { Int32($0 * 2) }
    let instance = try arm(
      .core(bufferKilobytes: 64, tids: tids, comm: "measure*"), name(try RunIdentity.current()))
    let trigger = try ControlFiles().text(instance.file("events/sched/sched_waking/trigger"))
    #expect(trigger.contains("stacktrace:unlimited if comm~\"measure*\""))
    #expect(instance.shortcomings.allSatisfy { $0.kind != .filter && $0.kind != .trigger })
    #expect(instance.disarm().isClean)
    let ranges = try arm(
      .core(bufferKilobytes: 64, tids: [5, 6, 7, 9]), name(try RunIdentity.current()))
    let text = try ControlFiles().value(ranges.file("events/sched/sched_waking/trigger"))
    #expect(text == "stacktrace:unlimited if (pid>=5&&pid<=7)||pid==9")
    #expect(ranges.disarm().isClean)
  }

  @Test func `what a killed process left is removed and a stranger's instance stays`() throws {
    let child = try ChildProcess()
    let stranger = root.instance("stranger.tfs")
    try ControlFiles().makeDirectory(stranger)
    defer { try? ControlFiles().removeDirectory(stranger) }
    let left = try arm(.core(bufferKilobytes: 128, tids: []), name(child.run))
    let disarm = {
      Disarm.run(root: root, journalDirectory: fake.journalDirectory, only: child.run)
    }
    // Alive: not touched.
    #expect(disarm().isEmpty)
    child.kill()
    // Its files are still open (here by this process, which holds them for it).
    let busy = disarm()
    #expect(busy.leftovers.first?.reason.contains("(\(getpid()))") == true, "\(busy)")
    #expect(try ControlFiles().value(left.file("tracing_on")) == "1")
    left.abandon()
    #expect(disarm().removedInstances == [left.directory])
    #expect(disarm().isEmpty)
    #expect(ourInstances == ["stranger.tfs"])
  }

  @Test func `the guardian disarms within 2 s after kill -9`() throws {
    let child = try ChildProcess()
    let left = try arm(.core(bufferKilobytes: 128, tids: []), name(child.run))
    left.abandon()
    let pipe = try FileDescriptor.pipe()
    let arguments = Guardian.arguments(
      run: child.run, root: root, journalDirectory: fake.journalDirectory)
    let thread = Thread {
      _ = Guardian.runChild(Array(arguments.dropFirst()), input: pipe.readEnd)
    }
    let clock = ContinuousClock()
    let time = clock.measure {
      child.kill()
      thread.join()
    }
    #expect(time < .seconds(2))
    #expect(ourInstances.isEmpty)
    try pipe.readEnd.close()
    try pipe.writeEnd.close()
  }

  @Test func `an instance that somebody reads is left quiet and said`() throws {
    let plan = ArmingPlan(
      bufferKilobytes: 64, events: [.init(CoreEvents.waking)],
      triggers: [.init(CoreEvents.waking, "stacktrace if pid==1")])
    let instance = try arm(plan, name(try RunIdentity.current()))
    let reader = try ControlFiles().open(instance.file("trace_pipe"), .readOnly)
    let report = instance.disarm()
    #expect(!report.isClean)
    #expect(report.leftovers.first?.reason.contains("EBUSY") == true)
    let state = try InstanceState.read(root: root, instance: instance.name.text, files: .init())
    #expect(!state.isTracingOn && state.events.isEmpty)
    try reader.close()
    #expect(InstanceRemoval.remove(instance.directory, files: .init()).leftovers.isEmpty)
    #expect(ourInstances.isEmpty)
  }

  @Test func `every access of a run made to fail in turn leaves nothing`() throws {
    let before = globals
    let run = try RunIdentity.current()
    let plan = ArmingPlan(
      bufferKilobytes: 64,
      events: [
        .init(EventName("sched", "sched_switch"), isRequired: true),
        .init(CoreEvents.waking, filter: "pid==1"),
      ], triggers: [.init(CoreEvents.waking, "stacktrace if pid==1")],
      options: [.init("stacktrace", false)], cpus: CPUSet([0]), eventPIDs: [1])
    var refused = 0
    for number in 0..<200 {
      let count = Mutex((0, FileAccess?.none))
      let files = ControlFiles { access in
        count.withLock { state in
          defer { state.0 += 1 }
          guard state.0 == number else { return .proceed }
          state.1 = access
          return .fail(.ioError)
        }
      }
      let result = Result { try arm(plan, name(run), files: files) }
      switch result {
      case .failure(let error):
        refused += 1
        #expect((error as? TracefsError)?.path == count.withLock { $0.1?.path })
      case .success(let instance): instance.disarm()
      }
      let failed = count.withLock { $0.1 }
      if failed?.operation == .removeDirectory {
        #expect(InstanceRemoval.remove(root.instance(name(run).text), files: .init()).isClean)
      }
      #expect(ourInstances.isEmpty, "\(failed as Any)")
      if failed == nil { break }
    }
    #expect(refused >= 18)
    #expect(globals == before)
  }

  @Test func `status tells who is who`() throws {
    let instance = try arm(.core(bufferKilobytes: 64, tids: []), name(try RunIdentity.current()))
    let status = try TracefsStatus.read(root: root, journalDirectory: fake.journalDirectory)
    let state = try #require(status.instances.first { $0.name == instance.name.text })
    #expect(state.owner == .live(instance.name) && state.isRecording && state.clock == "mono")
    #expect(state.events.contains("sched:sched_switch") && (state.bufferKilobytes ?? 0) >= 64)
    instance.disarm()
  }

  @Test func `tracers of the latency families are only tried when nobody runs one`() throws {
    let capabilities = try Capabilities.probe(root: root)
    let results = try TracerTrial.run(
      ["nop", "nosuch", "irqsoff"], root: root, run: try RunIdentity.current())
    #expect(results["nop"] == .works)
    guard case .refused(let error) = results["nosuch"] else {
      Issue.record("a tracer that does not exist works")
      return
    }
    #expect(error.errno == .invalidArgument)
    if !capabilities.tracers.contains("irqsoff"), case .refused(let error) = results["irqsoff"] {
      #expect(error.hint.contains("CONFIG_IRQSOFF_TRACER"))
    }
    #expect(!(try root.instances()).contains { $0.hasSuffix(".probe") })
  }
}

/// Whether pages hold the same events: read pages may end before the padding that mapped ones
/// count.
private func hasSameEvents(_ mapped: [UInt8], _ read: [UInt8], _ size: Int) -> Bool {
  guard mapped.count == read.count else { return false }
  for start in stride(from: 0, to: mapped.count, by: size) {
    let used = read.withUnsafeBytes {
      Int($0.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self) & 0xF_FFFF)
    }
    guard used > 0, mapped[start..<start + 8] == read[start..<start + 8],
      mapped[start + 16..<start + 16 + used] == read[start + 16..<start + 16 + used]
    else { return false }
  }
  return true
}

/// The id of the calling thread, from procfs: the link names it.
func gettidOfThisThread() -> Int32 {
  var buffer = [CChar](repeating: 0, count: 64)
  let count = readlink("/proc/thread-self", &buffer, 63)
  let text = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return text.split(separator: "/").last.flatMap { Int32($0) } ?? 0
}
