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
    /// How late the timer's interrupt came, nil where that is not known.
    var interruptDelay: Nanoseconds?
    /// The report's first sentence.
    var headline: String
  }

  /// The injected fault.
  var fault: VerifyFault
  /// When it was under way, and in which threads.
  var truth: [FaultLog.Entry]
  /// Whether the kernel is a PREEMPT_RT one.
  var isRT = false

  /// The round that a spike makes, nil where something else than the fault made the spike.
  func round(_ spike: Spike, bundle: String? = nil) -> VerifyRow.Round? {
    guard isOurs(spike) else { return nil }
    let threads = Set(overlapping(spike.window).map(\.tid))
    return VerifyRow.Round(
      latency: spike.window.length, culprit: spike.culprit.rawValue, name: spike.name,
      confidence: spike.confidence.rawValue, isClassRight: classes.contains(spike.culprit),
      isNameRight: isRight(name: spike.name, threads: threads), headline: spike.headline,
      bundle: bundle)
  }

  private var classes: [CulpritClass] { fault.classes + (isRT ? fault.classesOnRT : []) }

  /// Whether the fault was under way for half of the latency: by its own record, whatever the
  /// report says.
  func isOurs(_ spike: Spike) -> Bool {
    // No fault here delays the timer's interrupt. If it was late, that is the machine's doing.
    if let delay = spike.interruptDelay, delay * 2 > spike.window.length { return false }
    var covered = Nanoseconds.zero
    // Stretches of one CPU do not overlap, so they may be added.
    for entry in overlapping(spike.window) {
      covered = covered + (entry.span.clipped(to: spike.window)?.length ?? .zero)
    }
    return covered * 2 >= spike.window.length
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
