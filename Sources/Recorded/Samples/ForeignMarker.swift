internal import TraceModel

/// A text that was written to `trace_marker`, of pages or of a text trace.
struct MarkerLine: Hashable {
  var time: Nanoseconds
  var cpu: Int
  var pid: Int32
  var text: String
  /// Byte offset or line number.
  var position: UInt64
}

/// The line that another measuring program wrote when it stopped tracing.
struct ForeignMarker: Hashable {
  enum Program: String {
    case cyclictest, oslat, rtla, jitterdebugger
  }

  var program: Program
  /// Time, CPU, writer and text.
  var hit: MarkerLine
  /// The latency that it reports, nil where it reports none.
  var latency: Nanoseconds?
  /// The limit that it reports.
  var limit: Nanoseconds?
  /// The CPU that it reports, where the writer ran elsewhere.
  var cpu: Int?

  /// The phrases that are searched for.
  static let phrases = [
    BreakMarker.phrase, "Hit latency", "Trace threshold (", "stop tracing hit",
  ]

  init?(_ hit: MarkerLine) {
    self.hit = hit
    let text = hit.text
    guard BreakMarker(text) == nil else { return nil }
    if let tail = Self.after(BreakMarker.phrase, in: text) {
      program = .cyclictest
      let numbers = Self.numbers(tail)
      latency = numbers.first.map { Nanoseconds(microseconds: $0) }
      limit = numbers.dropFirst().first.map { Nanoseconds(microseconds: $0) }
    } else if let tail = Self.after("Trace threshold (", in: text) {
      // APP: Trace threshold (LIMIT us) triggered on cpu N with LATENCY us!
      program = .oslat
      let numbers = Self.numbers(tail)
      guard numbers.count >= 3 else { return nil }
      limit = Nanoseconds(microseconds: numbers[0])
      cpu = Int(exactly: numbers[1])
      latency = Nanoseconds(microseconds: numbers[2])
    } else if let tail = Self.after("stop tracing hit", in: text) {
      program = .rtla
      cpu = Self.numbers(tail).first.flatMap { Int(exactly: $0) }
    } else if let tail = Self.after("Hit latency", in: text) {
      program = .jitterdebugger
      latency = Self.numbers(tail).first.map { Nanoseconds(microseconds: $0) }
    } else {
      return nil
    }
  }

  private static func after(_ phrase: String, in text: String) -> Substring? {
    let wanted = Array(phrase.utf8)
    let bytes = text.utf8
    var start = bytes.startIndex
    while start < bytes.endIndex {
      if bytes[start...].starts(with: wanted) {
        return text[bytes.index(start, offsetBy: wanted.count)...]
      }
      start = bytes.index(after: start)
    }
    return nil
  }

  private static func numbers(_ text: Substring) -> [Int64] {
    text.split { !("0"..."9").contains($0) }.prefix(4).compactMap { Int64($0) }
  }
}
