import Analysis
import Report
import Session
import TraceModel

/// The table of all spikes of a run.
enum SpikeSummary {
  static func text(_ result: SessionResult) -> String {
    result.spikes.enumerated().map { index, spike in
      "\(index + 1). \(spike.report.headline)\(spike.bundle.map { "  \($0)" } ?? "")\n"
    }.joined()
  }
}
