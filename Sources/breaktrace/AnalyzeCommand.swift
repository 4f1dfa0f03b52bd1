import Analysis
import ArgumentParser
import Recorded
import Report
import TraceModel

/// `breaktrace analyze`
struct AnalyzeCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Explains the spikes of a recorded trace, of breaktrace or of others.",
    discussion: """
      Reads bundles, trace.dat (versions 6 and 7, every buffer), the text of tracefs' trace file and of trace-cmd \
      report, systrace pages, and directories of raw pages. Files packed with gzip or zstd are unpacked. `-` is standard \
      input, `./-` a file of that name. FIFOs and devices are read as standard input only.

      What is explained: the wake-up that --at, --task or --threshold name; else the last break that breaktrace, \
      cyclictest, oslat, rtla or jitterdebugger marked; else the section of a latency tracer; else the worst wake-up of \
      a real-time task. With --runq it is every task's waits for a CPU instead, as `breaktrace runq --file` shows them.

      Examples:
        breaktrace analyze breaktrace-hypervisor-1485us-cpu1
        breaktrace analyze --format json trace.dat | python3 -m json.tool
        breaktrace analyze trace.dat --task cyclictest --threshold 200
        breaktrace analyze trace.dat --task 1813 --list
        breaktrace analyze trace.txt --at 25.404682
        breaktrace analyze --runq --threshold 5000 trace.dat
        ssh machine cat trace.dat.zst | breaktrace analyze -

      Exit status: 0: explained, or no wake-up is above --threshold; 1: a file cannot be read, or there is nothing in it \
      to explain; 4: explained, but the trace of a window is incomplete; 64: the command line is wrong.
      """)

  @Argument(help: "Bundles, trace files, directories of raw pages, or - for standard input.")
  var files: [String]

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  @Option(help: "Wake-ups of this task: a thread id or a name.")
  var task: String?

  @Option(help: "Wake-ups later than this, in us; with --runq waits from it on (10000).")
  var threshold: Int64?

  @Option(help: "The wake-up around this time: seconds as trace-cmd prints them, or ns.")
  var at: String?

  @Option(help: "Look into this buffer (instance) only; an empty name is the top one.")
  var instance: String?

  @Option(help: "A directory or trace.dat with the event formats of raw pages that lack them.")
  var formats: String?

  @Option(help: "How many wake-ups a search keeps, worst first.")
  var limit = 10

  @Flag(help: "Every break or late wake-up, not only the last or worst.")
  var all = false

  @Flag(help: "A table of the worst wake-ups instead of a report.")
  var list = false

  @Flag(help: "The waits of all tasks for a CPU (or of --task), with what used it meanwhile.")
  var runq = false

  mutating func validate() throws {
    if let at, Self.time(at) == nil {
      throw ValidationError("--at wants seconds (25.404682) or nanoseconds, not '\(at)'")
    }
    if let threshold, threshold < 0 {
      throw ValidationError("--threshold wants microseconds from 0 on")
    }
    if limit < 1 || limit > 100_000 { throw ValidationError("--limit wants 1 to 100000") }
    if runq, at != nil || all || list || format == .markdown {
      throw ValidationError(
        "--runq goes with --task, --threshold, --instance, --formats and --format text or json; "
          + "`breaktrace runq --file` has more")
    }
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

  private var recordedRunQueue: RecordedRunQueue {
    var filter = RunQueueFilter(
      threshold: Nanoseconds(microseconds: threshold ?? RunQueueLimits.defaultThreshold))
    switch request.task {
    case .pid(let tid)?: filter.tids = [tid]
    case .comm(let comm)?: filter.comm = comm
    case nil: break
    }
    return RecordedRunQueue(
      files: files, formats: formats, instance: instance, filter: filter,
      format: format == .json ? .json : .text)
  }

  mutating func status() -> ExitStatus {
    if runq { return recordedRunQueue.status() }
    var reports: [SpikeReport] = []
    var tables: [WakeupTable] = []
    var failed = false
    for path in files {
      let file = TraceOpener.name(path)
      do throws(RecordedError) {
        let recorded = try RecordedTrace(
          path: path, formats: formats, request: request, isList: list)
        if !recorded.problems.isEmpty, recorded.hasNoEvents, let other = OtherCommand.plot(path) {
          failed = true
          Console.error("breaktrace: \(file): \(other)")
          continue
        }
        tell(recorded.problems, of: file)
        if list {
          let table = recorded.list(request)
          tables += table.map { [$0] } ?? []
          if table == nil {
            failed = true
            Console.error(
              "breaktrace: \(file): it has no sched_switch and sched_waking to list wake-ups from")
          } else if task != nil, table?.search.wakeups == 0 {
            failed = true
            Console.error("breaktrace: \(file): \(Self.noSuchTask)")
          }
          continue
        }
        let found = recorded.analyze(request, toolVersion: Version.text)
        for remark in found.remarks { Console.error("breaktrace: \(file): \(remark)") }
        if found.reports.isEmpty {
          let reason = nothing(in: recorded, found)
          failed = failed || reason != nil
          if let reason { Console.error("breaktrace: \(file): \(reason)") }
          if reason != nil, task == nil, let other = OtherCommand.runq(path, in: recorded) {
            Console.error("breaktrace: \(file): \(other)")
          }
        }
        reports += found.reports
      } catch {
        failed = true
        Console.error(
          OtherCommand.plot(path).map { "breaktrace: \(file): \($0)" } ?? "breaktrace: \(error)")
      }
    }
    for table in tables {
      let isWritten = format.write(
        text: MailText.render(table.document), markdown: MarkdownText.render(table.document),
        json: { () throws(ReportError) in try table.json })
      if !isWritten { return .failure }
    }
    do throws(ReportError) {
      if !reports.isEmpty { Console.output(try format.render(reports)) }
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    if failed { return .failure }
    return reports.contains { !$0.analysis.trace.isComplete } ? .incomplete : .success
  }

  /// Says what could not be read, of many lines the first ones.
  private func tell(_ problems: [String], of file: String) {
    for problem in problems.prefix(10) { Console.error("breaktrace: \(file): \(problem)") }
    if problems.count > 10 {
      Console.error("breaktrace: \(file): … and \(problems.count - 10) more")
    }
  }

  private static let noSuchTask =
    "no task of that id or name is woken in it; `--list` without --task shows whose wake-ups there "
    + "are, `--runq` all tasks"

  /// Why there is nothing to explain; nil where that is the answer, as no wake-up is above the threshold.
  private func nothing(in recorded: RecordedTrace, _ found: TraceVerdicts) -> String? {
    if recorded.hasNoEvents {
      return
        "there is no event in it: is it a trace? See `breaktrace analyze --help` for what is read"
    }
    if task != nil, found.table?.search.wakeups == 0 { return Self.noSuchTask }
    if threshold != nil, found.table != nil { return nil }
    // The remarks have said it.
    if !found.remarks.isEmpty { return "nothing to explain" }
    return "nothing to explain: no marker of a break, no latency tracer's section, no wake-up that "
      + "was asked for"
  }
}
