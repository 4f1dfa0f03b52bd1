internal import Analysis
internal import TraceModel

/// Why events were lost: the reader had no CPU, or the buffer was too small for the rate.
enum ReaderPaceText {
  /// One sentence a line, none where nothing was lost.
  static func lines(_ pace: ReaderPace) -> [String] {
    guard let gap = pace.gap, let cause = pace.cause else { return [] }
    let length = RunQueueText.milliseconds(gap.length)
    let rate = (pace.peakRate / 1_048_576 * 10).rounded() / 10
    var lines = ["The buffer of one CPU received up to \(rate) MiB/s."]
    switch cause {
    case .starved:
      let priority =
        pace.priority > 0
        ? "at real-time priority \(pace.priority)" : "without real-time priority"
      lines.append(
        "The reader was starved: of \(length) between two reads it waited"
          + " \(RunQueueText.milliseconds(gap.waited ?? .zero)) for a CPU \(priority)."
          + " Run it above the tasks that ran instead (chrt -f 50 breaktrace …). The buffer above is"
          + " enough only if it waits no longer than that.")
    case .busy:
      lines.append(
        "The reader had a CPU: of \(length) between two reads it ran for"
          + " \(RunQueueText.milliseconds(gap.ran)). The buffer was too small for that rate.")
    case .slept:
      lines.append(
        "The reader was not starved: of \(length) between two reads it slept"
          + " \(RunQueueText.milliseconds(gap.slept)) until there was enough to read, or until its output"
          + " was read. The buffer was too small for that rate.")
    }
    if gap.waited == nil {
      lines.append("This kernel does not report how long the reader waited for a CPU.")
    }
    if pace.behind.count >= 1_000_000_000 {
      lines.append(
        "The reader did not catch up for \(RunQueueText.milliseconds(pace.behind));"
          + " a longer recording of the same load needs an even larger buffer.")
    }
    return lines
  }
}
