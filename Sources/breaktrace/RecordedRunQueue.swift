import Analysis
import Report
import Recorded
import TraceModel

/// The waits for a CPU in recorded traces: `runq --file` and `analyze --runq`.
struct RecordedRunQueue {
  /// The traces.
  var files: [String]
  /// Where the event formats of raw pages are, nil for beside them.
  var formats: String?
  /// The buffer that is replayed, nil for the first one with switches.
  var instance: String?
  /// Which waits are shown.
  var filter: RunQueueFilter
  var format: LineFormat
  /// Work items of that name in place of tasks, nil for none.
  var work: String?
  /// Whether softirqs are shown.
  var softirq = false
  /// The process whose tree's chains are reported, nil for none.
  var tree: Int32?

  /// Reads and prints all of them.
  func status() -> ExitStatus {
    var status = ExitStatus.success
    for path in files {
      do throws(RecordedError) {
        let end = try show(path)
        if status == .success { status = end }
      } catch {
        let other = OtherCommand.plot(path)
        Console.error(
          other.map { "breaktrace: \(TraceOpener.name(path)): \($0)" } ?? "breaktrace: \(error)")
        status = .failure
      }
    }
    return status
  }

  private func show(_ path: String) throws(RecordedError) -> ExitStatus {
    let recording = try RunQueueRecording(path: path, formats: formats, instance: instance)
    let name = TraceOpener.name(path)
    if !recording.problems.isEmpty, recording.hasNoEvents, let other = OtherCommand.plot(path) {
      Console.error("breaktrace: \(name): \(other)")
      return .failure
    }
    for problem in recording.problems.prefix(10) {
      Console.error("breaktrace: \(name): \(problem)")
    }
    if recording.problems.count > 10 {
      Console.error("breaktrace: \(name): … and \(recording.problems.count - 10) more")
    }
    for remark in recording.remarks { Console.error("breaktrace: \(name): \(remark)") }
    let printer = RunqPrinter(
      format: format, work: work, softirq: softirq, threshold: filter.threshold, isTop: false,
      clock: .trace)
    var observer = printer.observer
    observer.remark = { Console.error("breaktrace: \(name): \($0)") }
    let replay = recording.replay(filter: filter, observer: observer, chains: tree)
    if replay.switchCount == 0 {
      Console.error(
        "breaktrace: \(name): contains no sched_switch event; "
          + (OtherCommand.analyze(path) ?? "record sched:sched_switch and sched:sched_waking"))
      return .failure
    }
    if tree != nil {
      Console.output(
        CommandText.text(
          command: name, status: 0, threshold: filter.threshold, calls: replay.slowCalls,
          polls: replay.polls, deliveries: replay.deliveries, waits: [],
          summary: RunQueueSummary(replay)))
    }
    return printer.end(RunQueueSummary(replay))
  }
}
