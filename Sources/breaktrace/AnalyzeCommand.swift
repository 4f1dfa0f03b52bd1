import Analysis
import ArgumentParser
import Report
import Session
import TraceModel

/// `breaktrace analyze`
struct AnalyzeCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Explains the spikes of a recorded trace, of breaktrace or of others.",
    discussion: """
      Reads bundles, trace.dat (versions 6 and 7, every buffer), the text of tracefs' trace file and of
      trace-cmd report, systrace pages, and directories of raw pages; gzip and zstd are unpacked.

      What is explained: the wake-up that --at, --task or --threshold name; else the last break that
      breaktrace, cyclictest, oslat, rtla or jitterdebugger marked; else the section of a latency tracer;
      else the worst wake-up of a real-time task.

      Examples:
        breaktrace analyze breaktrace-hypervisor-1485us-cpu1
        breaktrace analyze --format json trace.dat | python3 -m json.tool
        breaktrace analyze trace.dat --task cyclictest --threshold 200
        breaktrace analyze trace.dat --task 1813 --list
        breaktrace analyze trace.txt --at 25.404682
      """)

  @Argument(help: "Bundles, trace files, or directories of raw pages.")
  var files: [String]

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  @Option(help: "Wake-ups of this task: a thread id or a name.")
  var task: String?

  @Option(help: "Wake-ups later than this, in us.")
  var threshold: Int64?

  @Option(help: "The wake-up around this time: seconds as trace-cmd prints them, or ns.")
  var at: String?

  @Option(help: "The buffer (instance) to look into; an empty name is the top one.")
  var instance: String?

  @Option(help: "A directory or trace.dat with the event formats of raw pages that lack them.")
  var formats: String?

  @Option(help: "How many wake-ups a search keeps, worst first.")
  var limit = 10

  @Flag(help: "Every break or late wake-up, not only the last or worst.")
  var all = false

  @Flag(help: "A table of the worst wake-ups instead of a report.")
  var list = false

  mutating func validate() throws {
    if let at, Self.time(at) == nil {
      throw ValidationError("--at wants seconds (25.404682) or nanoseconds, not '\(at)'")
    }
    if let threshold, threshold < 0 {
      throw ValidationError("--threshold wants microseconds from 0 on")
    }
    if limit < 1 || limit > 100_000 { throw ValidationError("--limit wants 1 to 100000") }
  }

  /// Seconds with a point, else nanoseconds.
  static func time(_ text: String) -> Nanoseconds? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return Int64(text).map { Nanoseconds($0) } }
    let fraction = parts[1].prefix(9)
    guard let seconds = Int64(parts[0]), seconds >= 0, seconds < 9_000_000_000, !fraction.isEmpty,
      let rest = Int64(fraction + String(repeating: "0", count: 9 - fraction.count)), rest >= 0,
      parts[1].allSatisfy(\.isNumber)
    else { return nil }
    return Nanoseconds(seconds * 1_000_000_000 + rest)
  }

  private var request: AnalyzeRequest {
    var request = AnalyzeRequest()
    request.task = task.map { TaskSelector($0) }
    request.threshold = threshold.map { Nanoseconds(microseconds: $0) }
    request.time = at.flatMap(Self.time)
    request.all = all
    request.instance = instance
    request.limit = limit
    return request
  }

  mutating func status() -> ExitStatus {
    var reports: [SpikeReport] = []
    var tables: [WakeupTable] = []
    var failed = false
    for file in files {
      do throws(SessionError) {
        let recorded = try RecordedTrace(
          path: file, formats: formats, request: request, isList: list)
        for problem in recorded.problems { Console.error("breaktrace: \(file): \(problem)") }
        if list {
          let table = recorded.list(request)
          tables += table.map { [$0] } ?? []
          if table == nil {
            failed = true
            Console.error(
              "breaktrace: \(file): it has no sched_switch and sched_waking to list wake-ups from")
          }
          continue
        }
        let found = recorded.analyze(request, toolVersion: Version.text)
        for remark in found.remarks { Console.error("breaktrace: \(file): \(remark)") }
        if found.reports.isEmpty, threshold == nil || found.table == nil {
          failed = true
          Console.error(
            "breaktrace: \(file): nothing to explain: no marker of a break, no latency tracer's "
              + "section, no wake-up that was asked for")
        }
        reports += found.reports
      } catch {
        failed = true
        Console.error("breaktrace: \(error)")
      }
    }
    do throws(ReportError) {
      for table in tables {
        switch format {
        case .text: Console.output(MailText.render(table.document))
        case .markdown: Console.output(MarkdownText.render(table.document))
        case .json: Console.output(try table.json)
        }
      }
      if !reports.isEmpty { Console.output(try format.render(reports)) }
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    if failed { return .failure }
    return reports.contains { !$0.analysis.trace.isComplete } ? .incomplete : .success
  }
}
