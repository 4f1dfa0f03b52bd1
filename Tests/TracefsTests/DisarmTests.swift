import SystemPackage
import Testing

@testable import Tracefs

@Suite struct DisarmTests {
  let fake = FakeTracefs()

  private func disarm(only: RunIdentity? = nil) -> DisarmReport {
    Disarm.run(
      root: fake.root, journalDirectory: fake.journalDirectory, only: only, files: fake.files())
  }

  private func make(_ names: String...) throws(TracefsError) {
    for name in names { try fake.files().makeDirectory("\(fake.path)/instances/\(name)") }
  }

  @Test func `instances of dead runs go and all others stay`() throws {
    fake.addProcess(makeRun(3))
    fake.addProcess(makeRun(4, 78))
    try make(
      "breaktrace.2.77", "breaktrace.2.77.tracer", "breaktrace.3.77", "breaktrace.4.77", "other",
      "breaktrace.x", "breaktrace")
    let report = disarm()
    let removed = ["breaktrace.2.77", "breaktrace.2.77.tracer", "breaktrace.4.77"]
    #expect(report.removedInstances == removed.map { "\(fake.path)/instances/\($0)" })
    #expect(report.isClean)
    #expect(
      try fake.root.instances(files: fake.files()) == [
        "breaktrace", "breaktrace.3.77", "breaktrace.x", "other",
      ])
    #expect(disarm().isEmpty)
  }

  @Test func `only the run that was asked for is looked at`() throws {
    try make("breaktrace.2.77", "breaktrace.5.77")
    #expect(disarm(only: makeRun(5)).removedInstances.count == 1)
    #expect(fake.exists("\(fake.path)/instances/breaktrace.2.77"))
  }

  @Test func `an instance that is held open is left untouched and said`() throws {
    try make("breaktrace.2.77")
    let path = "\(fake.path)/instances/breaktrace.2.77"
    fake.update { $0.refusals[FileAccess(.removeDirectory, path: path)] = .resourceBusy }
    let before = fake.snapshot()
    let report = disarm()
    #expect(!report.isClean)
    #expect(report.leftovers.map(\.path) == [path])
    #expect(report.leftovers.first?.reason.contains("EBUSY") == true)
    #expect(fake.difference(before) == [])
  }

  @Test func `one that another disarm removes at the same time is no error`() throws {
    try make("breaktrace.2.77")
    let path = "\(fake.path)/instances/breaktrace.2.77"
    fake.update {
      $0.refusals[FileAccess(.removeDirectory, path: path)] = .noSuchFileOrDirectory
    }
    #expect(disarm().isEmpty)
  }

  @Test func `without tracefs only journals are looked at`() throws {
    try make("breaktrace.2.77")
    #expect(
      Disarm.run(root: nil, journalDirectory: fake.journalDirectory, files: fake.files()).isEmpty)
  }
}
