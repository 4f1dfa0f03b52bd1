import Report
import TraceModel

/// The lines of all threads, written over themselves.
struct LiveView {
  private let text: CyclictestText
  private var shown = 0

  init(text: CyclictestText) {
    self.text = text
  }

  /// Shows the statistics in place of those shown before.
  mutating func show(_ threads: [ThreadStatistics]) {
    var lines = shown > 0 ? "\u{1b}[\(shown)A" : ""
    lines += text.summary(threads)
    shown = threads.count
    Console.output(lines)
  }

  /// Takes the lines away, so that what follows stands in their place.
  mutating func clear() {
    guard shown > 0 else { return }
    Console.output("\u{1b}[\(shown)A\u{1b}[J")
    shown = 0
  }
}
