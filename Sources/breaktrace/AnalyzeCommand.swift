import Analysis
import ArgumentParser
import Recorded
import Report
import TraceModel

/// `breaktrace analyze`
struct AnalyzeCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Explain the spikes in a recorded trace.",
    discussion: """
      Reads bundles, trace.dat (versions 6 and 7, every buffer), the text of the tracefs file trace and of trace-cmd \
      report, systrace pages, and directories of raw pages. Files that are compressed with gzip or zstd are \
      decompressed. `-` is standard input, `./-` a file of that name. FIFOs and devices are only read as standard input.

      --at, --task or --threshold select the wakeup to explain. Without them, the first of these that the trace contains \
      is explained: the last spike that breaktrace, cyclictest, oslat, rtla or jitterdebugger marked, the section of a \
      latency tracer, the most unusual delay. Delays are scheduling latencies, preemptions, uninterruptible sleeps, \
      pending softirqs, cross-CPU calls, work items, timers and IRQs. The next five are listed, and --explain N explains \
      one of them. --cpu, --from, --to and --task narrow the search. --runq shows the scheduling latencies of all tasks \
      instead, like `breaktrace runq --file`.

      Examples:
        breaktrace analyze breaktrace-hypervisor-1485us-cpu1
        breaktrace analyze --format json trace.dat | python3 -m json.tool
        breaktrace analyze trace.dat --task cyclictest --threshold 200
        breaktrace analyze trace.dat --task 1813 --list
        breaktrace analyze trace.txt --at 25.404682
        breaktrace analyze trace.dat --explain 2
        breaktrace analyze trace.dat --cpu 3 --from 25.4 --to 25.5
        breaktrace analyze --runq --threshold 5000 trace.dat
        ssh machine cat trace.dat.zst | breaktrace analyze -

      Exit status: 0: explained, or no delay is unusual or above --threshold; 1: a file cannot be read or contains \
      nothing to explain; 4: explained, but the trace of a window is incomplete; 64: invalid command line.
      """)

  @Argument(help: "Bundles, trace files, directories of raw pages, or - for standard input.")
  var files: [String]

  @Option(help: "Output format: text, markdown or json.")
  var format = OutputFormat.text

  @Option(help: "Select the wakeups of this task, given by thread id or name.")
  var task: String?

  @Option(
    help: "Select latencies above this value in us. With --runq, the shortest wait shown (10000).")
  var threshold: Int64?

  @Option(help: "Select the wakeup around this time, in seconds as printed by trace-cmd or in ns.")
  var at: String?

  @Option(help: "Read only this buffer (instance). An empty name is the top-level buffer.")
  var instance: String?

  @Option(help: "Take the event formats of raw pages from this directory or trace.dat.")
  var formats: String?

  @Option(help: "Keep at most this number of wakeups, worst first.")
  var limit = 10

  @Option(help: "Explain delay N of the list of unusual delays.")
  var explain: Int?

  @Option(help: "Select the delays that end on this CPU.")
  var cpu: Int?

  @Option(help: "Select the delays after this time, in seconds as printed by trace-cmd or in ns.")
  var from: String?

  @Option(help: "Select the delays before this time.")
  var to: String?

  @Flag(help: "Explain every marked spike or late wakeup, not only the last or worst.")
  var all = false

  @Flag(help: "Print a table of the worst wakeups instead of a report.")
  var list = false

  @Flag(help: "Show the scheduling latencies of all tasks, or of --task, and what ran meanwhile.")
  var runq = false

  mutating func validate() throws {
    if let at, Self.time(at) == nil {
      throw ValidationError(
        "invalid argument '\(at)' for --at: expected seconds (25.404682) or nanoseconds")
    }
    for (name, value) in [("from", from), ("to", to)] {
      if let value, Self.time(value) == nil {
        throw ValidationError(
          "invalid argument '\(value)' for --\(name): expected seconds (25.404682) or nanoseconds")
      }
    }
    if let explain, explain < 1 {
      throw ValidationError("invalid argument for --explain: expected a number not below 1")
    }
    if let cpu, cpu < 0 || cpu > CPUSet.highest {
      throw ValidationError("invalid argument for --cpu: expected the number of a CPU")
    }
    let narrows = explain != nil || cpu != nil || from != nil || to != nil
    if narrows, at != nil || threshold != nil || list || runq {
      throw ValidationError(
        "--explain, --cpu, --from and --to cannot be used together with --at, --threshold, --list or "
          + "--runq")
    }
    if let threshold, threshold < 0 {
      throw ValidationError("invalid argument for --threshold: expected a number of us not below 0")
    }
    if limit < 1 || limit > 100_000 {
      throw ValidationError("invalid argument for --limit: expected a number from 1 to 100000")
    }
    if runq, at != nil || all || list || format == .markdown {
      throw ValidationError(
        "--runq: can only be used together with --task, --threshold, --instance, --formats and "
          + "--format text or json; use `breaktrace runq --file` for more options")
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
    request.cpu = cpu
    request.from = from.flatMap(Self.time)
    request.to = to.flatMap(Self.time)
    request.number = explain
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
    var order: [String] = []
    var lists: [(file: String, list: LatenessList)] = []
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
              "breaktrace: \(file): contains no sched_switch and sched_waking events to list wakeups from"
            )
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
        order += found.order
        lists += found.late.map { [(path, $0)] } ?? []
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
      for sentence in order {
        show(Document(subject: "breaktrace: order of events", headline: sentence, sections: []))
      }
      for (file, list) in lists { show(list, of: file) }
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    if failed { return .failure }
    return reports.contains { !$0.analysis.trace.isComplete } ? .incomplete : .success
  }

  /// Lists what is late besides what was explained.
  private func show(_ list: LatenessList, of file: String) {
    let document = list.explained == nil ? list.nothing : list.rest { command($0, file) }
    guard let document else { return }
    if list.explained != nil, format != .json { Console.output("\n") }
    show(document)
  }

  /// Prints what is not a report: a JSON report stays one object, and this goes beside it.
  private func show(_ document: Document) {
    switch format {
    case .text: Console.output(MailText.render(document))
    case .markdown: Console.output(MarkdownText.render(document))
    case .json: Console.error(MailText.render(document))
    }
  }

  /// The command that explains a number of the list.
  private func command(_ number: Int, _ file: String) -> String {
    var words = ["breaktrace analyze --explain \(number)"]
    if let task { words.append("--task \(ShellWord.quoted(task))") }
    if let cpu { words.append("--cpu \(cpu)") }
    if let from { words.append("--from \(from)") }
    if let to { words.append("--to \(to)") }
    if let instance { words.append("--instance \(ShellWord.quoted(instance))") }
    return (words + [ShellWord.quoted(file)]).joined(separator: " ")
  }

  /// Says what could not be read, of many lines the first ones.
  private func tell(_ problems: [String], of file: String) {
    for problem in problems.prefix(10) { Console.error("breaktrace: \(file): \(problem)") }
    if problems.count > 10 {
      Console.error("breaktrace: \(file): … and \(problems.count - 10) more")
    }
  }

  private static let noSuchTask =
    "contains no wakeup of that task; `--list` without --task lists the wakeups, `--runq` shows "
    + "all tasks"

  /// Why there is nothing to explain; nil where that is the answer, as no wakeup is above the
  /// threshold.
  private func nothing(in recorded: RecordedTrace, _ found: TraceVerdicts) -> String? {
    if recorded.hasNoEvents {
      return
        "contains no event, it may not be a trace; see `breaktrace analyze --help` for the formats"
    }
    if task != nil, found.table?.search.wakeups == 0 { return Self.noSuchTask }
    if threshold != nil, found.table != nil { return nil }
    if !found.order.isEmpty { return nil }
    if let late = found.late, late.candidates.isEmpty, explain == nil { return nil }
    // The remarks have said it.
    if !found.remarks.isEmpty { return "nothing to explain" }
    return "nothing to explain: no marker of a spike, no section of a latency tracer, and no "
      + "matching wakeup"
  }
}
