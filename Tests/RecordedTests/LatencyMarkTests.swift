import Analysis
import Foundation
import Recorded
import Report
import Testing
import TraceModel

/// A histogram's synthetic wake-up latency as a mark: text and pages, fields and units of all
/// kinds.
struct LatencyMarkTests {
  private static func fixture(_ name: String) throws -> RecordedTrace {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try RecordedTrace(path: folder.path + "/Fixtures/\(name).zst")
  }

  private static func report(
    _ trace: RecordedTrace, threshold: Int64? = nil, task: String? = nil, all: Bool = false
  ) -> [SpikeReport] {
    var request = AnalyzeRequest()
    request.threshold = threshold.map { Nanoseconds(microseconds: $0) }
    request.task = task.map { TaskSelector($0) }
    request.all = all
    return trace.analyze(request, toolVersion: "").reports
  }

  @Test func `the largest mark is explained, of pages as of the text`() throws {
    let (pages, text) = (
      try Self.fixture("wakeup_latency.dat"), try Self.fixture("wakeup_latency.txt")
    )
    for threshold in [nil, 300] as [Int64?] {
      let a = try #require(Self.report(pages, threshold: threshold).first).analysis
      let b = try #require(Self.report(text, threshold: threshold).first).analysis
      #expect(a.sample.task == TaskIdentity(pid: 166, comm: "sh"))
      #expect(a.sample.task == b.sample.task)
      #expect(abs(a.sample.latency.microseconds - 1_108) <= 2)
      #expect(abs(b.sample.latency.microseconds - 1_108) <= 2)
      #expect(a.culprit.culprit == b.culprit.culprit)
      #expect(a.culprit.name == b.culprit.name)
      #expect(a.culprit.evidence.contains { $0.text.contains("as the wakeups in the trace show") })
    }
    #expect(Self.report(pages, threshold: 2_000).isEmpty)
    #expect(Self.report(text, threshold: 2_000).isEmpty)
    #expect(Self.report(text, threshold: 300, all: true).count == 2)
    #expect(Self.report(pages, threshold: 300, all: true).count == 2)
  }

  /// A task's wake-up of 400 us after another one, and the mark of it.
  private static func lines(_ mark: String, small: String, switches: Bool = true) -> String {
    func events(_ base: Int, _ length: Int, _ mark: String) -> String {
      func time(_ offset: Int) -> String {
        let all = base + offset
        let rest = String(all % 1_000_000)
        return "\(all / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
      }
      var text = ""
      if switches {
        text += """
              hog-50    [001] d.h3. \(time(0)): sched_waking: comm=my rt pid=60 prio=19 target_cpu=001
              hog-50    [001] d..2. \(time(length)): sched_switch: prev_comm=hog prev_pid=50 prev_prio=9 prev_state=S ==> next_comm=my rt next_pid=60 next_prio=19

          """
      }
      text += "    hog-50    [001] d..4. \(time(length + 3)): \(mark)\n"
      if switches {
        text += """
              my rt-60    [001] d..2. \(time(length + 90)): sched_switch: prev_comm=my rt prev_pid=60 prev_prio=19 prev_state=S ==> next_comm=hog next_pid=50 next_prio=9

          """
      }
      return text
    }
    return "# tracer: nop\n" + events(50_000_000, 9, small) + events(50_010_000, 400, mark)
      + events(50_020_000, 8, small)
  }

  struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var mark: String
    var small: String
    var switches = true
    /// nil where it is not a wake-up's latency.
    var microseconds: Int64?
    var says = ""
  }

  private static let variants: [Variant] = [
    Variant(
      testDescription: "lat in us", mark: "wakeup_latency: lat=400 pid=60 prio=19 comm=my rt",
      small: "wakeup_latency: lat=9 pid=60 prio=19 comm=my rt", microseconds: 400,
      says: "in us, as the wakeups in the trace show"),
    Variant(
      testDescription: "ns", mark: "wakeup_lat: next_pid=60 latency=400210",
      small: "wakeup_lat: next_pid=60 latency=8860", microseconds: 400,
      says: "in ns, as the wakeups in the trace show"),
    Variant(
      testDescription: "delta, the task's name before it",
      mark: "rt_wakeup: comm=my rt pid=60 delta=400", small: "rt_wakeup: comm=my rt pid=60 delta=8",
      microseconds: 400),
    Variant(
      testDescription: "commas as trace-cmd's print format has them",
      mark: "wakeup_latency: lat=400, pid=60, comm=my rt, prio=19",
      small: "wakeup_latency: lat=9, pid=60, comm=my rt, prio=19", microseconds: 400),
    Variant(
      testDescription: "capital letters", mark: "WakeLat: Delta=400 tid=60",
      small: "WakeLat: Delta=9 tid=60", microseconds: 400),
    Variant(
      testDescription: "no events beside it, us", mark: "wakeup_lat: lat=400 pid=60 comm=my rt",
      small: "wakeup_lat: lat=9 pid=60 comm=my rt", switches: false, microseconds: 400,
      says: "assumed to be in us"),
    Variant(
      testDescription: "no events beside it, ns", mark: "wakeup_lat: lat=400210 pid=60 comm=my rt",
      small: "wakeup_lat: lat=8860 pid=60 comm=my rt", switches: false, microseconds: 400,
      says: "assumed to be in ns"),
    Variant(
      testDescription: "the unit in the field's name", mark: "wakeup_lat: lat_us=4000 pid=60",
      small: "wakeup_lat: lat_us=3000 pid=60", switches: false, microseconds: 4_000,
      says: "as its name shows"),
    Variant(
      testDescription: "it fits no wake-up", mark: "wakeup_count_lat: lat=77123 pid=60",
      small: "wakeup_count_lat: lat=50 pid=60"),
    Variant(
      testDescription: "no task", mark: "wakeup_lat: lat=400 prio=19",
      small: "wakeup_lat: lat=9 prio=19"),
    Variant(
      testDescription: "a value beyond all numbers",
      mark: "wakeup_lat: lat=99999999999999999999 pid=60 comm=my rt",
      small: "wakeup_lat: lat=9 pid=60 comm=my rt", switches: false, microseconds: 9),
    Variant(
      testDescription: "another kernel event",
      mark: "sched_stat_wait: comm=my rt pid=60 delay=400000 [ns]",
      small: "sched_stat_wait: comm=my rt pid=60 delay=9000 [ns]", switches: false),
  ]

  @Test(arguments: variants) func `fields and units of all kinds`(variant: Variant) throws {
    let text = Self.lines(variant.mark, small: variant.small, switches: variant.switches)
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: "marks")
    let report = Self.report(trace, threshold: variant.switches ? nil : 0).first
    guard let microseconds = variant.microseconds else {
      let isMarked = report?.analysis.culprit.evidence.contains { $0.text.contains("synthetic") }
      #expect(isMarked != true, "\(report.map { $0.analysis.culprit } as Any)")
      return
    }
    let analysis = try #require(report).analysis
    #expect(abs(analysis.sample.latency.microseconds - microseconds) <= 1)
    let isNamed = variant.switches || variant.mark.contains("comm=")
    #expect(analysis.sample.task == TaskIdentity(pid: 60, comm: isNamed ? "my rt" : ""))
    let said = analysis.culprit.evidence.map(\.text).joined(separator: "\n")
    #expect(
      said.contains("synthetic event") && (variant.says.isEmpty || said.contains(variant.says)),
      "\(said)")
    if variant.switches {
      #expect(analysis.culprit.culprit == .higherPriorityTask, "\(analysis.culprit)")
      #expect(analysis.culprit.name == "hog-50")
    } else {
      #expect(analysis.culprit.confidence == .unexplained, "\(analysis.culprit)")
    }
  }

  @Test func `a task is chosen among the marks`() throws {
    let text =
      Self.lines(
        "wakeup_lat: lat=400 pid=60 comm=one", small: "wakeup_lat: lat=9 pid=61 comm=two",
        switches: false)
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: "marks")
    #expect(Self.report(trace, task: "two").first?.analysis.sample.task.pid == 61)
    #expect(Self.report(trace, task: "60").first?.analysis.sample.latency.microseconds == 400)
    #expect(Self.report(trace, task: "three").isEmpty)
  }

  @Test func `no damage of marks ends the program`() throws {
    for variant in Self.variants {
      let bytes = Array(
        Self.lines(variant.mark, small: variant.small, switches: variant.switches).utf8)
      for index in stride(from: 0, to: bytes.count, by: 7) {
        var flipped = bytes
        flipped[index] ^= index % 2 == 0 ? 1 : 16
        for some in [flipped, Array(bytes[..<index])] {
          guard let trace = try? RecordedTrace(bytes: some, name: "marks") else { continue }
          _ = Self.report(trace)
        }
      }
    }
  }
}
