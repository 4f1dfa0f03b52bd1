internal import Analysis
internal import Report
internal import TraceModel

/// Compares what a report says of a spike with what was injected.
struct VerifyJudge {
  /// What the judge looks at of a report.
  struct Spike {
    /// From the expiry to the clock reading.
    var window: TimeSpan
    /// The named class.
    var culprit: CulpritClass
    /// The name after it.
    var name: String
    /// How well founded.
    var confidence: Confidence
    /// When the thread took its first page fault in the window, nil where it took none.
    var fault: Nanoseconds?
    /// The report's first sentence.
    var headline: String
  }

  /// The injected fault.
  var fault: VerifyFault
  /// When it was under way, and in which threads.
  var truth: [FaultLog.Entry]

  /// The round that a spike makes, nil where something else than the fault made the spike.
  func round(_ spike: Spike, bundle: String? = nil) -> VerifyRow.Round? {
    guard isOurs(spike) else { return nil }
    let threads = Set(overlapping(spike.window).map(\.tid))
    return VerifyRow.Round(
      latency: spike.window.length, culprit: spike.culprit.rawValue, name: spike.name,
      confidence: spike.confidence.rawValue, isClassRight: fault.classes.contains(spike.culprit),
      isNameRight: isRight(name: spike.name, threads: threads), headline: spike.headline,
      bundle: bundle)
  }

  /// Whether the fault was under way for half of the latency: by its own record, whatever the
  /// report says.
  func isOurs(_ spike: Spike) -> Bool {
    guard fault == .pageFaults else {
      var covered = Nanoseconds.zero
      // Stretches of one CPU do not overlap, so they may be added.
      for entry in overlapping(spike.window) {
        covered = covered + (entry.span.clipped(to: spike.window)?.length ?? .zero)
      }
      return covered * 2 >= spike.window.length
    }
    // An eviction is over before its victim runs into it: the thread has to have taken a fault in
    // the first half of the window, so to have run by then, at its first wakeups since the pages
    // began to go.
    let half = spike.window.start + Nanoseconds(spike.window.length.count / 2)
    guard let taken = spike.fault, taken <= half else { return false }
    let reach = Nanoseconds(20_000_000)
    return truth.contains { entry in
      taken >= entry.span.start && taken <= entry.span.end + reach
    }
  }

  private func overlapping(_ window: TimeSpan) -> [FaultLog.Entry] {
    truth.filter { $0.span.clipped(to: window) != nil }
  }

  /// Whether a name is that of the fault; where it is a task's it has to be one that was under way.
  private func isRight(name: String, threads: Set<Int32>) -> Bool {
    let parts = fault.nameParts
    guard !parts.isEmpty else { return true }
    guard parts.contains(where: { name.contains($0) }) else { return false }
    guard fault != .shootdown else { return true }
    return threads.contains { name.hasSuffix("-\($0)") }
  }
}
