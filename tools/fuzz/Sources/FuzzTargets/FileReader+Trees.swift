import Analysis
import Report
@testable import Recorded
@testable import Session
import TraceFile
import TraceModel
@testable import Tracefs

/// Parsers that look for their files themselves.
extension FileReader {
  private static nonisolated(unsafe) var made: FileTree?

  private static func tree(_ fixture: Fixture) -> FileTree? {
    if made == nil { made = FileTree(fixture) }
    return made
  }

  /// Removes the directories that were made.
  static func removeTree() { made?.remove() }

  /// Everything that a report says of the machine, and what a doctor makes of it.
  static func system(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    guard let tree = tree(fixture) else { return 0 }
    let files = SystemFiles(root: tree.root)
    let collector = FactsCollector(files)
    // Counters begin at nothing and grow to whatever the input says.
    tree.set([])
    let before = CounterCollector(files).snapshot(threads: [7])
    var watch = StealWatch()
    watch.note([0: Nanoseconds(.min), 1: .zero], at: .zero)
    tree.set(bytes)
    let start = collector.start()
    let sample = WakeupSample(
      cpu: 1, task: TaskIdentity(pid: 7, comm: "x"), policy: .fifo, priority: 80, sequence: 1,
      expiry: Nanoseconds(100), wake: Nanoseconds(300), threshold: nil, source: .sample)
    let facts = collector.hit(
      sample, start: start, before: before, watch: watch, run: RunFacts(version: "x"), trace: nil,
      observer: nil)
    guard let json = try? facts.json else { return 0 }
    precondition((try? ReportFacts(json: json)) == facts, "facts are not read back")
    var evidence = DoctorEvidence(
      machine: start.machine, tunables: start.tunables, config: start.config)
    evidence.counters = ["steal", "smi", "thermal", "cgroup", "kernel-log"]
    let report = Doctor(version: "x", files: files).report(evidence, TracingVerdict())
    return json.utf8.count &+ report.text.utf8.count
  }

  /// What is read of tracefs before anything is armed; every change is refused.
  static func tracefs(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    guard let tree = tree(fixture) else { return 0 }
    tree.set(bytes)
    let files = ControlFiles(
      proc: tree.root + "/proc", security: tree.root + "/sys/kernel/security", isRoot: true,
      interceptor: { access in
        switch access.operation {
        case .read, .open, .list, .find: .proceed
        default: .fail(.readOnlyFileSystem)
        }
      })
    let root = TracefsRoot(path: tree.root + "/tracing")
    var size = 0
    _ = try? TracefsRoot.find(files: files)
    if let found = try? Capabilities.probe(
      root: root, journalDirectory: tree.root + "/journals", files: files)
    {
      size &+= found.events.count &+ found.otherUsers.count &+ found.status.journals.count
    }
    let others = SurroundingsCollector.others(
      root: root, run: RunIdentity(pid: 7, startTime: 9), tracesFunctions: false, files: files)
    size &+= others?.count ?? 0
    let path = root.file("synthetic_events")
    _ = try? SyntheticEvents.isDefined("x", in: path, files)
    for name in ["#", "#HRTICK"] { size &+= (try? files.setting(path + name))?.utf8.count ?? 0 }
    return size
  }

  /// A directory of raw pages with the input as its head, as its texts, and as its pages.
  static func dump(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    guard let tree = tree(fixture) else { return 0 }
    tree.set(bytes)
    var search = AnalyzeRequest()
    search.threshold = .zero
    // The recorded pages hold few wake-ups of real-time tasks; around a time anybody's is
    // explained.
    var around = AnalyzeRequest()
    around.time = Nanoseconds(fixture.middle)
    return ["/head", "/texts", "/pages"].reduce(0) { sum, folder in
      guard let recorded = try? RecordedTrace(path: tree.root + folder, request: search) else {
        return sum
      }
      let reports = [search, around].flatMap { request in
        recorded.analyze(request, toolVersion: "fuzz").reports
      }
      return reports.reduce(sum + recorded.problems.count) { $0 + $1.text.utf8.count }
    }
  }

  /// A bundle's list of checksums.
  static func bundle(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    guard let tree = tree(fixture) else { return 0 }
    tree.set(bytes)
    guard let bundle = try? Bundle(tree.root + "/bundle") else { return 0 }
    try? bundle.verify()
    _ = try? RecordedTrace(path: tree.root + "/bundle")
    return bundle.files.count
  }
}
