import SystemPackage
import Testing

@testable import Tracefs

@Suite struct JournalTests {
  let fake = FakeTracefs()
  var thresh: String { "\(fake.path)/tracing_thresh" }

  private func makeJournal(_ pid: Int32) -> Journal {
    fake.addProcess(makeRun(pid))
    return fake.journal(makeRun(pid))
  }

  @Test func `a change is undone and nothing is left`() throws {
    let before = fake.snapshot()
    let journal = makeJournal(1)
    let change = try journal.change(thresh, to: "100")
    #expect(change.old == "0" && change.value == "100")
    #expect(fake.get(thresh) == "100")
    #expect(fake.exists("\(fake.journalDirectory)/1.77.journal"))
    #expect(journal.undo([change]) == [RestoreOutcome(path: thresh, result: .restored("0"))])
    #expect(fake.get(thresh) == "0")
    #expect(journal.restoreAll().isEmpty)
    #expect(fake.difference(before) == [])
  }

  @Test func `two changes of a run are undone latest first`() throws {
    let journal = makeJournal(1)
    _ = try journal.change(thresh, to: "100")
    _ = try journal.change(thresh, to: "50")
    #expect(journal.restoreAll().map(\.result) == [.restored("100"), .restored("0")])
    #expect(!fake.exists(fake.journalDirectory))
  }

  /// Order in which three runs end; each set its own value, in the order 1, 2, 3.
  @Test(
    arguments: [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] as [[Int32]])
  func `the last run out restores the first value`(order: [Int32]) throws {
    let before = fake.snapshot()
    let journals = (1...3).map { makeJournal(Int32($0)) }
    for (journal, value) in zip(journals, ["100", "50", "20"]) {
      _ = try journal.change(thresh, to: value)
    }
    var alive: [Int32] = [1, 2, 3]
    for pid in order {
      let outcomes = journals[Int(pid) - 1].restoreAll()
      #expect(outcomes.count == 1 && outcomes.allSatisfy(\.isSettled))
      alive.removeAll { $0 == pid }
      // The value of the latest run that still lives is in force.
      let expected = alive.last.map { ["100", "50", "20"][Int($0) - 1] } ?? "0"
      #expect(fake.get(thresh) == expected)
    }
    #expect(fake.difference(before) == [])
  }

  @Test func `runs that set the same value do not lose the first one`() throws {
    let first = makeJournal(1)
    let second = makeJournal(2)
    _ = try first.change(thresh, to: "50")
    _ = try second.change(thresh, to: "50")
    #expect(first.restoreAll().map(\.result) == [.handedOver(to: makeRun(2))])
    #expect(fake.get(thresh) == "50")
    #expect(second.restoreAll().map(\.result) == [.restored("0")])
  }

  @Test func `a value that somebody else set is left and said`() throws {
    let journal = makeJournal(1)
    _ = try journal.change(thresh, to: "100")
    fake.put(thresh, "77\n")
    #expect(journal.restoreAll().map(\.result) == [.changedByOthers("77")])
    #expect(fake.get(thresh) == "77")
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `a foreign value between two runs is not replaced by the first one`() throws {
    let first = makeJournal(1)
    let second = makeJournal(2)
    _ = try first.change(thresh, to: "100")
    fake.put(thresh, "77\n")
    _ = try second.change(thresh, to: "50")
    #expect(first.restoreAll().map(\.result) == [.changedByOthers("50")])
    #expect(second.restoreAll().map(\.result) == [.restored("77")])
  }

  @Test func `a dead run is restored by disarm and a live one is not`() throws {
    let dead = makeJournal(1)
    _ = try dead.change(thresh, to: "100")
    _ = try dead.change("\(fake.path)/tracing_cpumask", to: "1")
    let disarm = {
      Disarm.run(root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
    }
    #expect(disarm().isEmpty)
    fake.removeProcess(makeRun(1))
    let report = disarm()
    #expect(report.isClean && report.restored.map(\.result) == [.restored("3"), .restored("0")])
    #expect(fake.get(thresh) == "0")
    #expect(disarm().isEmpty)
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `a dead run below a live one hands its first value over`() throws {
    let dead = makeJournal(1)
    let live = makeJournal(2)
    _ = try dead.change(thresh, to: "100")
    _ = try live.change(thresh, to: "50")
    fake.removeProcess(makeRun(1))
    let report = Disarm.run(
      root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
    #expect(report.restored.map(\.result) == [.handedOver(to: makeRun(2))])
    #expect(fake.get(thresh) == "50")
    #expect(live.restoreAll().map(\.result) == [.restored("0")])
  }

  @Test func `a journal of an earlier boot is dropped`() throws {
    let journal = makeJournal(1)
    _ = try journal.change(thresh, to: "100")
    fake.removeProcess(makeRun(1))
    fake.put("\(fake.proc)/sys/kernel/random/boot_id", "boot-2\n")
    let report = Disarm.run(
      root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
    #expect(report.isEmpty)
    #expect(fake.get(thresh) == "100")
    #expect(!fake.exists(fake.journalDirectory))
  }

  @Test func `a value that the kernel rounds is still known as ours`() {
    var text = JournalFile.header(makeRun(1), boot: "b") + "\n"
    let record = JournalRecord(id: 4, kind: .value, time: 9, path: "/a\tb", old: "", new: "x\ny\\")
    text += JournalFile.line(record) + "\n" + JournalFile.line(["got", "4", "z"]) + "\n"
    let read = JournalFile(text)?.records.first
    #expect(read?.path == "/a\tb" && read?.new == "x\ny\\" && read?.old == "" && read?.ours == "z")
  }

  @Test func `a line without its end is a change that was never made`() {
    let whole = JournalFile.header(makeRun(1), boot: "b") + "\nset\t1\t5\t/a\t0\t100\n"
    #expect(JournalFile(whole)?.pending.count == 1)
    for length in 0..<whole.utf8.count {
      let part = String(decoding: Array(whole.utf8).prefix(length), as: UTF8.self)
      #expect(JournalFile(part)?.pending.isEmpty ?? true)
    }
  }

  @Test func `every failing access of a change and its undoing is survived`() throws {
    for number in 0..<1_000 {
      let fake = FakeTracefs()
      let thresh = "\(fake.path)/tracing_thresh"
      let before = fake.snapshot()
      fake.addProcess(makeRun(1))
      let journal = fake.journal(makeRun(1))
      fake.fail(access: number)
      let result = Result { try journal.change(thresh, to: "100") }
      if case .failure(let error) = result {
        let failed = try #require(fake.endFailure())
        #expect((error as? TracefsError)?.path == failed.path, "\(failed)")
        #expect(fake.get(thresh) == "0", "\(failed)")
      }
      let outcomes = journal.restoreAll()
      let failed = fake.endFailure()
      if !outcomes.allSatisfy(\.isSettled) {
        let again = journal.restoreAll()
        #expect(again.filter { !$0.isSettled }.isEmpty, "\(failed as Any)")
      }
      #expect(fake.get(thresh) == "0", "\(failed as Any)")
      // A lock or a journal without pending changes may be left; the next run removes it.
      fake.removeProcess(makeRun(1))
      _ = Disarm.run(
        root: fake.root, journalDirectory: fake.journalDirectory, files: fake.files())
      #expect(fake.difference(before) == [], "\(failed as Any)")
      if failed == nil && (try? result.get()) != nil {
        #expect(number > 15)
        return
      }
    }
  }

  @Test func `a value that cannot be restored stays in the journal`() throws {
    let journal = makeJournal(1)
    _ = try journal.change(thresh, to: "100")
    let write = FileAccess(.write, path: thresh, value: "0")
    fake.update { $0.refusals[write] = .notPermitted }
    let outcome = journal.restoreAll()
    #expect(outcome.count == 1 && !outcome.allSatisfy(\.isSettled))
    fake.update { $0.refusals = [:] }
    #expect(journal.restoreAll().map(\.result) == [.restored("0")])
  }

  private static let journal =
    "breaktrace-journal 1\tb0\t7\t9\nset\t1\t100\t/t/a\\tb\t0\t100\ngot\t1\t101\nmount\t2\t110\t/t\n"
    + "define\t3\t120\t/t/synthetic_events\tx\nbase\t1\tfirst\nundone\t2\n"

  @Test func `every prefix and every single-byte change of a journal is survived`() throws {
    let bytes = Array(Self.journal.utf8)
    let whole = try #require(JournalFile(Self.journal))
    #expect(whole.records.count == 3 && whole.pending.count == 2 && whole.nextID == 4)
    var read = 0
    var refused = 0
    func attempt(_ bytes: [UInt8]) {
      guard let journal = JournalFile(String(decoding: bytes, as: UTF8.self)) else {
        refused += 1
        return
      }
      read += 1
      #expect(journal.records.count <= 3 && journal.nextID > 0)
    }
    for index in bytes.indices {
      attempt(Array(bytes[..<index]))
      for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        attempt(changed)
      }
    }
    #expect(read > 500)
    #expect(refused > 100)
  }

  @Test(arguments: ["0", "-1", "9223372036854775807", "-9223372036854775808"])
  func `a record with a number that no run gives is passed over`(id: String) throws {
    let text =
      "breaktrace-journal 1\tb0\t7\t9\nset\t\(id)\t100\t/t\t0\t1\nset\t5\t101\t/u\t0\t1\n"
    let journal = try #require(JournalFile(text))
    #expect(journal.records.map(\.id) == [5])
    #expect(journal.nextID == 6)
  }
}
