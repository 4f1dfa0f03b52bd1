import Analysis
import TraceModel

/// Texts of events in which a stack is folded: a line with twenty frames helps nobody, and the
/// report has the whole stack in a separate place.
enum StackText {
  /// Frames shown of a stack in one line.
  static let limit = 5

  /// The event's text, a stack folded.
  static func text(of event: TraceEvent, in analysis: SpikeAnalysis) -> String {
    guard case .stack(let frames) = event.payload else { return event.text }
    let isOwn = event == analysis.times.stackEvent
    let folded = isOwn ? min(analysis.foldedFrames, frames.count) : 0
    var words = frames[folded...].prefix(limit).map(\.name)
    if frames.count - folded > limit { words.append("...") }
    if folded > 0 {
      words.insert("...", at: 0)
      if words.count == 1 { words.append("user space") }
    }
    return "<stack trace> " + words.joined(separator: " <- ")
  }

  /// The text of a piece of evidence, folded where it is the wakeup's own stack; its note is kept.
  static func text(of evidence: Evidence, in analysis: SpikeAnalysis) -> String {
    guard let event = analysis.times.stackEvent, evidence.time == event.time,
      evidence.cpu == event.cpu, evidence.text.hasPrefix(event.text)
    else { return evidence.text }
    return text(of: event, in: analysis) + evidence.text.dropFirst(event.text.count)
  }
}
