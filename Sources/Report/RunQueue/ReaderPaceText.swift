internal import Analysis
internal import TraceModel

/// Why events were lost: the reader had no CPU, or the buffer was too small for the rate.
enum ReaderPaceText {
  /// One sentence a line, none where nothing was lost.
  static func lines(_ pace: ReaderPace) -> [String] {
    guard let gap = pace.gap, let cause = pace.cause else { return [] }
    let length = RunQueueText.milliseconds(gap.length)
    let rate = (pace.peakRate / 1_048_576 * 10).rounded() / 10
    var lines = ["Up to \(rate) MiB a second came to one CPU's buffer."]
    switch cause {
    case .starved:
      let priority =
        pace.priority > 0
        ? "although it has real-time priority \(pace.priority)" : "without a real-time priority"
      lines.append(
        "The reader was starved: of \(length) between two reads it waited"
          + " \(RunQueueText.milliseconds(gap.waited ?? .zero)) for a CPU, \(priority)."
          + " A priority above those who had it helps (chrt -f 50 breaktrace …), or the buffer above"
          + " as long as it waits no longer.")
    case .busy:
      lines.append(
        "The reader had a CPU: of \(length) between two reads it was busy for"
          + " \(RunQueueText.milliseconds(gap.ran)). The buffer was too small for that rate.")
    case .slept:
      lines.append(
        "The reader was not starved: of \(length) between two reads it slept"
          + " \(RunQueueText.milliseconds(gap.slept)) until there was enough to read, or until its rows were"
          + " taken. The buffer was too small for that rate.")
    }
    if gap.waited == nil {
      lines.append("How long the reader waited for a CPU this kernel does not tell.")
    }
    if pace.behind.count >= 1_000_000_000 {
      lines.append(
        "It did not catch up for \(RunQueueText.milliseconds(pace.behind)):"
          + " a longer recording of the same load needs a larger buffer still.")
    }
    return lines
  }
}
