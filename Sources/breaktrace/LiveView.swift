import Report
import Session
import TraceModel

/// The lines of all threads, written over themselves.
struct LiveView {
  private let policy: SchedulingPolicy?
  private let onlyMaxima: Bool
  private var shown = 0
  private var maxima: [Nanoseconds] = []

  /// Makes a view; with a policy it has cyclictest's header. `onlyMaxima` is `-M`.
  init(policy: SchedulingPolicy?, onlyMaxima: Bool) {
    self.policy = policy
    self.onlyMaxima = onlyMaxima
  }

  /// Whether the statistics are to be shown now.
  mutating func needsRefresh(_ threads: [ThreadStatistics]) -> Bool {
    let now = threads.map(\.maximum)
    defer { maxima = now }
    return !onlyMaxima || shown == 0 || now != maxima
  }

  /// The text that shows `summary` in place of what was shown before.
  mutating func frame(_ summary: String) -> String {
    var text = shown > 0 ? "\u{1b}[\(shown)A" : ""
    if let policy {
      let load = SystemFiles().line("/proc/loadavg") ?? ""
      text += CyclictestText.header(policy: policy, loadAverage: load)
    }
    text += summary
    shown = text.utf8.count { $0 == UInt8(ascii: "\n") }
    return text
  }

  /// The text that takes the lines away, so that what follows takes their place.
  mutating func clear() -> String? {
    guard shown > 0 else { return nil }
    defer { shown = 0 }
    return "\u{1b}[\(shown)A\u{1b}[J"
  }
}
