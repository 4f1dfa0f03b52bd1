import SystemPackage
import Testing

@testable import Tracefs

@Suite struct TracefsRootTests {
  let fake = FakeTracefs()
  private var journal: Journal { fake.journal(makeRun(1)) }

  @Test func `a mounted tracefs is found and one below debugfs is not taken`() throws {
    fake.put(
      "\(fake.proc)/self/mounts",
      "x / ext4 rw 0 0\nnodev /sys/kernel/debug/tracing tracefs rw 0 0\nnodev /a\\040b tracefs rw 0 0\n"
    )
    #expect(try TracefsRoot.find(files: fake.files())?.path == "/a b")
    fake.put(
      "\(fake.proc)/self/mounts",
      "nodev /a tracefs rw 0 0\nnodev /sys/kernel/tracing tracefs rw 0 0\n")
    #expect(try TracefsRoot.find(files: fake.files())?.path == "/sys/kernel/tracing")
    fake.put("\(fake.proc)/self/mounts", "x / ext4 rw 0 0\n")
    #expect(try TracefsRoot.find(files: fake.files()) == nil)
  }

  @Test func `a mounted one is used and nothing is mounted`() throws {
    #expect(try TracefsRoot.findOrMount(journal: journal, files: fake.files()) == fake.root)
    #expect(fake.update { $0.mounts }.isEmpty)
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `an absent one is mounted and unmounted by the journal`() throws {
    fake.put("\(fake.proc)/self/mounts", "")
    fake.addProcess(makeRun(1))
    let root = try TracefsRoot.findOrMount(journal: journal, files: fake.files())
    #expect(root.path == "/sys/kernel/tracing")
    #expect(fake.update { $0.mounts } == ["mount /sys/kernel/tracing"])
    #expect(fake.exists("\(fake.journalDirectory)/1.77.journal"))
  }

  @Test func `a mount of a dead run is undone unless it is in use`() throws {
    // The record names the fake's tree, so that nothing of this machine's own is looked at.
    fake.addProcess(makeRun(1))
    let journal = journal
    try journal.mountTracefs(at: fake.path)
    try fake.files().makeDirectory("\(fake.path)/instances/foreign")
    #expect(
      journal.restoreAll().map(\.result) == [.leftMounted("it contains instance foreign")])
    #expect(fake.update { $0.mounts } == ["mount \(fake.path)"])

    try fake.files().removeDirectory("\(fake.path)/instances/foreign")
    try journal.mountTracefs(at: fake.path)
    #expect(journal.restoreAll().map(\.result) == [.unmounted])
    #expect(fake.update { $0.mounts }.last == "unmount \(fake.path)")
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `without root and without a mount it says what to do`() {
    fake.put("\(fake.proc)/self/mounts", "")
    let error = #expect(throws: TracefsError.self) {
      try TracefsRoot.findOrMount(journal: journal, files: fake.files(isRoot: false))
    }
    #expect(error?.errno == .permissionDenied)
    #expect(error?.hint.contains("sudo") == true)
  }

  @Test func `a kernel without tracefs is told by its option`() {
    fake.put("\(fake.proc)/self/mounts", "")
    fake.put("\(fake.proc)/filesystems", "nodev\tproc\n")
    let error = #expect(throws: TracefsError.self) {
      try TracefsRoot.findOrMount(journal: journal, files: fake.files())
    }
    #expect(error?.errno == .operationNotSupportedByDevice)
    #expect(error?.hint.contains("CONFIG_TRACING") == true)
  }

  @Test func `a failing mount leaves no journal`() {
    fake.put("\(fake.proc)/self/mounts", "")
    fake.update {
      $0.refusals[FileAccess(.mount, path: TracefsRoot.standardPath)] = .notPermitted
    }
    let error = #expect(throws: TracefsError.self) {
      try TracefsRoot.findOrMount(journal: journal, files: fake.files())
    }
    #expect(error?.operation == .mount && error?.errno == .notPermitted)
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `one that may not be read is refused with a hint`() {
    fake.update { $0.refusals[FileAccess(.list, path: fake.path)] = .permissionDenied }
    let error = #expect(throws: TracefsError.self) {
      try TracefsRoot.findOrMount(journal: journal, files: fake.files(isRoot: false))
    }
    #expect(error?.hint == "root is required; run it with sudo")
  }
}
