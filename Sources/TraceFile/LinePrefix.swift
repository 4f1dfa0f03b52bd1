/// What other programs put before a trace's lines: the kernel's log, grep, lists and marks of an
/// author.
enum LinePrefix {
  /// Whether a line that begins with `byte` may have a prefix: a quote mark, a stamp, a number, a
  /// mark, a date.
  @inline(__always) static func isPossible(_ byte: UInt8) -> Bool {
    switch byte {
    case 42, 43, 48...57, 60, 62, 65...91: true
    default: false
    }
  }

  /// Where the line itself begins, and what came before it; nil where nothing did.
  ///
  /// `start` is the first byte of the line that is not a blank.
  static func end(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (start: Int, what: String)? {
    switch bytes.byte(start) {
    case 91: return logStamp(bytes, start, end).map { ($0, log) }
    case 60:
      guard let (_, close) = bytes.decimal(start + 1, end), close < end, bytes.byte(close) == 62
      else { return nil }
      return logStamp(bytes, close + 1, end).map { ($0, log) }
    case 42, 43:
      let next = bytes.skipBlanks(start + 1, end)
      return next > start + 1 && next < end ? (next, "marks before lines were removed") : nil
    case 48...57: return number(bytes, start, end) ?? daemon(bytes, start, end)
    case 65...90: return daemon(bytes, start, end)
    default: return nil
    }
  }

  private static let log = "timestamps of the kernel log before lines were removed"

  /// `[   12.345678] `, with the caller (`[ T1234]`, `[    C0]`) after it.
  private static func logStamp(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
    guard start < end, bytes.byte(start) == 91,
      let (_, dot) = bytes.decimal(bytes.skipBlanks(start + 1, end), end), dot < end,
      bytes.byte(dot) == 46, let (_, close) = bytes.decimal(dot + 1, end), close - dot == 7,
      close < end, bytes.byte(close) == 93
    else { return nil }
    var next = close + 1
    if next < end, bytes.byte(next) == 91 {
      let letter = bytes.skipBlanks(next + 1, end)
      if letter < end, bytes.byte(letter) == 84 || bytes.byte(letter) == 67,
        let (_, behind) = bytes.decimal(letter + 1, end), behind < end, bytes.byte(behind) == 93
      {
        next = behind + 1
      }
    }
    return next
  }

  /// `Nov 30 12:00:00 HOST kernel: [   12.345678] `
  private static func daemon(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (Int, String)? {
    guard let key = bytes.find(" kernel: ", start, min(end, start + 100)) else { return nil }
    let next = key + 9
    return (logStamp(bytes, bytes.skipBlanks(next, end), end) ?? next, log)
  }

  /// `123:   `, `123-   ` or `123<tab>`: numbers of lines.
  private static func number(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (Int, String)? {
    guard let (_, sign) = bytes.decimal(start, end), sign + 2 < end else { return nil }
    let byte = bytes.byte(sign)
    let isNumber =
      byte == 9
      || (byte == 58 || byte == 45) && RawSpan.isBlank(bytes.byte(sign + 1))
        && RawSpan.isBlank(bytes.byte(sign + 2))
    return isNumber ? (sign + 1, "line numbers were removed") : nil
  }
}
