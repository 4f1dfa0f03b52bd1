internal import TraceModel

/// A line of the function graph tracer:
/// `[TIME |] CPU) [TASK-PID |] [FLAGS |] [MARK DURATION us] | CALL`.
struct FtraceGraphLine {
  enum Content {
    /// `CALL() {`
    case enter
    /// `CALL();`
    case leaf
    /// `}`, with the function's name in a comment where it is reported
    case leave
    /// `/* EVENT */`
    case comment
    /// The line between two tasks: no event.
    case change
  }

  var cpu: Int
  var comm: Range<Int>?
  var pid: Int32?
  var flags: Range<Int>?
  var time: Int64?
  var isRelative = false
  var duration: Range<Int>?
  var content: Content
  /// The call's name, or what the comment says.
  var text: Range<Int>

  init?(_ bytes: RawSpan, _ line: Range<Int>) {
    let end = line.upperBound
    var start = bytes.skipBlanks(line.lowerBound, end)
    guard start < end, RawSpan.isDigit(bytes.byte(start)) || bytes.byte(start) == 45 else {
      return nil
    }
    // The time, where it is there, ends with its own bar.
    if let bar = bytes.find(124, start, end) {
      let word = start..<bytes.trimEnd(start, bar)
      if let stamp = Self.stamp(bytes, word) {
        time = stamp.time
        isRelative = stamp.isRelative
        start = bytes.skipBlanks(bar + 1, end)
      }
    }
    guard let (cpu, close) = bytes.decimal(start, end), close < end, bytes.byte(close) == 41,
      cpu <= 65_535
    else { return nil }
    self.cpu = Int(cpu)
    start = bytes.skipBlanks(close + 1, end)
    var cells: [Range<Int>] = []
    while let bar = bytes.find(124, start, end), cells.count < 3 {
      // Bars inside the call's own text (`mode=ABS|HARD`) have no blank in front.
      guard bar == start || RawSpan.isBlank(bytes.byte(bar - 1)) else { break }
      cells.append(start..<bytes.trimEnd(start, bar))
      start = bytes.skipBlanks(bar + 1, end)
    }
    for cell in cells where !cell.isEmpty {
      if bytes.matches("us", at: cell.upperBound - 2, cell.upperBound), cell.count > 3 {
        let number = cell.lowerBound..<bytes.trimEnd(cell.lowerBound, cell.upperBound - 2)
        var digits = number.upperBound
        while digits > number.lowerBound, !RawSpan.isBlank(bytes.byte(digits - 1)) { digits -= 1 }
        duration = digits..<number.upperBound
      } else if FlagColumns.isFlags(cell, bytes) {
        flags = cell
      } else if let (comm, pid) = FtraceLine.task(bytes, cell.lowerBound, cell.upperBound) {
        self.comm = comm
        self.pid = pid
      }
    }
    let body = start..<bytes.trimEnd(start, end)
    if cells.isEmpty {
      guard bytes.find("=>", body.lowerBound, body.upperBound) != nil else { return nil }
      content = .change
      text = body
      return
    }
    (content, text) = Self.content(bytes, body)
  }

  static func content(
    _ bytes: RawSpan, _ body: Range<Int>
  ) -> (Content, Range<Int>) {
    let end = body.upperBound
    guard !body.isEmpty else { return (.comment, body) }
    if bytes.matches("/*", at: body.lowerBound, end) {
      let inner = bytes.skipBlanks(body.lowerBound + 2, end)
      let close = bytes.findLast("*/", inner, end) ?? end
      return (.comment, inner..<bytes.trimEnd(inner, close))
    }
    if bytes.byte(body.lowerBound) == 125 {
      guard let open = bytes.find("/* ", body.lowerBound, end),
        let close = bytes.find(" */", open, end), close >= open + 3
      else { return (.leave, end..<end) }
      return (.leave, open + 3..<close)
    }
    let name = bytes.find("(", body.lowerBound, end) ?? end
    // A comment with the return value may follow the semicolon or the brace.
    let isEnter = bytes.findLast("{", body.lowerBound, end) != nil
    return (isEnter ? .enter : .leaf, body.lowerBound..<name)
  }

  /// `SECONDS.MICROSECONDS` or `N us`.
  private static func stamp(
    _ bytes: RawSpan, _ word: Range<Int>
  ) -> (time: Int64, isRelative: Bool)? {
    var start = word.lowerBound
    let negative = start < word.upperBound && bytes.byte(start) == 45
    if negative { start += 1 }
    guard let (whole, next) = bytes.decimal(start, word.upperBound), next < word.upperBound
    else { return nil }
    if bytes.byte(next) == 46 {
      guard let (fraction, end) = bytes.decimal(next + 1, word.upperBound),
        end == word.upperBound, end - next - 1 == 6
      else { return nil }
      let seconds = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000_000_000)
      let sum = seconds.partialValue.addingReportingOverflow(Int64(clamping: fraction) * 1_000)
      return (seconds.overflow || sum.overflow ? .max : sum.partialValue, false)
    }
    let unit = bytes.skipBlanks(next, word.upperBound)
    guard bytes.matches("us", at: unit, word.upperBound), unit + 2 == word.upperBound else {
      return nil
    }
    let time = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000)
    return (time.overflow ? .max : negative ? -time.partialValue : time.partialValue, true)
  }
}
