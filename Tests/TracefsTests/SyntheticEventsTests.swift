import SystemPackage
import Testing

@testable import Tracefs

@Suite struct SyntheticEventsTests {
  let fake = FakeTracefs()
  var path: String { "\(fake.path)/synthetic_events" }

  init() { fake.put(path, "other\tu64 lat\n") }

  /// Files of a kernel that keeps definitions; `refusal` is what it says to removals.
  private func files(refusal: Errno? = nil) -> ControlFiles {
    let fake = fake
    let path = path
    return ControlFiles(proc: fake.proc, security: "\(fake.base)/security", isRoot: true) {
      access in
      guard access.path == path, access.operation == .write, let value = access.value else {
        return .proceed
      }
      var lines = fake.get(path).split(separator: "\n").map(String.init)
      if value.hasPrefix("!") {
        if let refusal { return .fail(refusal) }
        lines.removeAll { $0.hasPrefix(value.dropFirst() + "\t") }
      } else {
        let words = value.split(separator: " ", maxSplits: 1)
        lines.append("\(words[0])\t\(words[1])")
      }
      fake.put(path, lines.map { $0 + "\n" }.joined())
      return .handled
    }
  }

  private func journal(_ files: ControlFiles) -> Journal {
    fake.addProcess(makeRun(1))
    return Journal(run: makeRun(1), directory: fake.journalDirectory, files: files)
  }

  @Test func `a definition is noted before it is made, and undoing removes it alone`() throws {
    let before = fake.snapshot()
    let journal = journal(files())
    let change = try journal.define("mine", fields: "u64 lat", in: path)
    #expect(fake.get(path) == "other\tu64 lat\nmine\tu64 lat")
    #expect(fake.exists("\(fake.journalDirectory)/1.77.journal"))
    #expect(journal.undo([change]).map(\.result) == [.restored("without mine")])
    #expect(fake.difference(before) == [])
  }

  @Test func `somebody else's event of the same name is not touched`() throws {
    let before = fake.snapshot()
    #expect(throws: TracefsError.self) {
      try journal(files()).define("other", fields: "u64 lat", in: path)
    }
    fake.removeProcess(makeRun(1))
    #expect(fake.difference(before) == [])
  }

  @Test func `what a dead run defined goes with disarm`() throws {
    _ = try journal(files()).define("mine", fields: "u64 lat; char comm[16]", in: path)
    fake.removeProcess(makeRun(1))
    let report = Disarm.run(
      root: fake.root, journalDirectory: fake.journalDirectory, files: files())
    #expect(report.restored.map(\.result) == [.restored("without mine")])
    #expect(fake.get(path) == "other\tu64 lat")
  }

  @Test func `a definition in use is a failure that stays in the journal`() throws {
    let journal = journal(files(refusal: .resourceBusy))
    let change = try journal.define("mine", fields: "u64 lat", in: path)
    #expect(journal.undo([change]).map(\.isSettled) == [false])
    #expect(fake.exists("\(fake.journalDirectory)/1.77.journal"))
    #expect(self.journal(files()).restoreAll().map(\.isSettled) == [true])
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `an instance that triggers hold is removed behind them, the referring ones first`()
    throws
  {
    let directory = "\(fake.path)/instances/breaktrace.1.77"
    let made = fake.files()
    try made.makeDirectory(directory)
    let trigger = "\(directory)/events/sched/sched_switch/trigger"
    fake.put(
      trigger, "hist:keys=prev_pid:a=1 if b [active]\nhist:keys=next_pid:onmatch(x).y(z) [active]\n"
    )
    let written = fake
    let files = ControlFiles(proc: fake.proc, security: "\(fake.base)/security", isRoot: true) {
      access in
      if access.operation == .removeDirectory {
        return written.get(trigger).contains("hist:")
          ? .fail(.resourceBusy) : written.fakeRemoval(access, made)
      }
      guard access.path == trigger, let value = access.value else { return .proceed }
      let lines = written.get(trigger).split(separator: "\n").map(String.init)
      // The kernel refuses to take one away that another refers to.
      let target = value.dropFirst() + " [active]"
      guard !(lines.count > 1 && !target.contains("onmatch")) else { return .fail(.resourceBusy) }
      written.put(trigger, lines.filter { $0 != target }.map { $0 + "\n" }.joined())
      return .handled
    }
    let report = InstanceRemoval.remove(directory, files: files)
    #expect(report.removedInstances == [directory])
  }
}
