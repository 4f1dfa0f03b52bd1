import Report
import Session
import TraceModel

/// What the run of a thread of the plan came to.
struct PlanResult {
  /// The thread.
  let row: PlanTable.Row
  /// Wakeups measured.
  private(set) var total: UInt64 = 0
  /// Those at or above the limit.
  private(set) var above: UInt64 = 0
  /// The largest latency.
  private(set) var maximum = Nanoseconds.zero
  /// What the traced misses were.
  private(set) var culprits: [String] = []
  /// How the last run ended.
  private(set) var ended = SessionResult.End.finished
  /// What went wrong beside.
  private(set) var failures: [String] = []

  /// Memberwise.
  init(row: PlanTable.Row) {
    self.row = row
  }

  /// Adds a run.
  mutating func add(_ result: SessionResult) {
    for thread in result.statistics {
      total &+= thread.cycles
      above &+= thread.overflows
      maximum = max(maximum, thread.maximum)
    }
    culprits += result.spikes.map(\.report.headline)
    ended = result.end
    failures += result.failures + result.leftovers.map { "not restored: \($0)" }
  }

  /// Whether the constraint held.
  var isMet: Bool { row.constraint.isMet(above: above, of: total) }

  /// Whether a signal ended the run.
  var isInterrupted: Bool {
    if case .signal = ended { true } else { false }
  }

  private var verdict: String {
    let word = isMet ? "met" : "MISSED"
    if isInterrupted { return word + " (interrupted)" }
    return ended == .hit && row.constraint.allowed == nil ? word + " (ended at once)" : word
  }

  private var share: String {
    guard total > 0, above > 0 else { return "0" }
    let millionths = Int64((Double(above) / Double(total) * 1_000_000).rounded())
    return "\(above) (\(millionths == 0 ? "<0.0001" : LatencyConstraint.percent(millionths)) %)"
  }

  /// The table of all threads, followed by the culprits.
  static func table(_ results: [PlanResult]) -> String {
    var rows = [["thread", "app", "run", "constraint", "wakeups", "max us", "above", "verdict"]]
    rows += results.map { result in
      [
        result.row.thread, "\(result.row.priority)", "\(result.row.priority + 1)",
        result.row.constraint.text, "\(result.total)", "\(result.maximum.microseconds)",
        result.share, result.verdict,
      ]
    }
    var text = TextTable.text(rows)
    for result in results where !result.culprits.isEmpty || !result.failures.isEmpty {
      text += "\n\(result.row.thread):\n"
      for (number, headline) in result.culprits.enumerated() {
        text += "  miss \(number + 1): \(headline)\n"
      }
      let rest = result.above &- UInt64(result.culprits.count)
      if result.above > UInt64(result.culprits.count) { text += "  \(rest) more were not traced\n" }
      for failure in result.failures { text += "  \(failure)\n" }
    }
    return text
      + "\nA constraint that is met held for this load and this time. The true maximum may be larger.\n"
  }
}
