internal import RingBuffer

/// Undoes what mails and web pages do to a text: quoted-printable, HTML's entities, blanks that do
/// not break, bars as quote marks.
enum TextRepair {
  /// As much of the text as is looked at to report whether anything was done to it.
  private static let head = 256 * 1_024
  /// Longer texts are not mails.
  private static let limit = 64 * 1_024 * 1_024

  /// The text as it was, and what was undone; nil where nothing was done to it.
  static func repaired(_ bytes: RawSpan) -> (bytes: [UInt8], notes: [String])? {
    guard bytes.byteCount <= limit else { return nil }
    let end = min(bytes.byteCount, head)
    var notes: [String] = []
    let isPrintable = isQuotedPrintable(bytes, end)
    let hasEntities =
      bytes.find("&lt;", 0, end) != nil || bytes.find("&gt;", 0, end) != nil
      || bytes.find("&#", 0, end) != nil
    let hasBars = isQuotedWithBars(bytes, end)
    let hasHardBlanks = bytes.find("\u{a0}", 0, end) != nil
    guard isPrintable || hasEntities || hasBars || hasHardBlanks else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.byteCount)
    for index in 0..<bytes.byteCount { text.append(bytes.byte(index)) }
    if isPrintable {
      text = unprinted(text)
      notes.append("quoted-printable (=3D) was decoded")
    }
    if hasEntities {
      text = withoutEntities(text)
      notes.append("HTML entities were decoded")
    }
    if hasHardBlanks {
      text = withoutHardBlanks(text)
      notes.append("non-breaking spaces were read as spaces")
    }
    if hasBars {
      text = withoutBars(text)
      notes.append("quote marks (|) were removed")
    }
    return (text, notes)
  }

  /// In quoted-printable each equals sign is followed by two digits or ends its line, which is not
  /// longer than 76 characters; a few that somebody wrote into a decoded part do not matter.
  private static func isQuotedPrintable(_ bytes: RawSpan, _ end: Int) -> Bool {
    var escapes = 0
    var equals = 0
    var breaks = 0
    var others = 0
    var index = 0
    while let sign = bytes.find(61, index, end) {
      index = sign + 1
      guard sign + 1 < bytes.byteCount else { break }
      let next = bytes.byte(sign + 1)
      if next == 10 || next == 13 {
        if lineLength(bytes, sign) >= 60 { breaks += 1 }
      } else if sign + 2 < bytes.byteCount, digit(next) != nil,
        digit(bytes.byte(sign + 2)) != nil
      {
        escapes += 1
        if bytes.matches("3D", at: sign + 1, bytes.byteCount) { equals += 1 }
        index = sign + 3
      } else {
        others += 1
      }
    }
    let signs = escapes + breaks
    return (equals > 0 || breaks > 1) && others * 8 <= signs
  }

  /// How many bytes of its line come before a place, up to 77.
  private static func lineLength(_ bytes: RawSpan, _ place: Int) -> Int {
    var start = place
    while start > 0, place - start <= 77, bytes.byte(start - 1) != 10 { start -= 1 }
    return place - start > 77 ? 0 : place - start
  }

  /// Whether most lines begin with a bar and a blank, where no trace's own lines do.
  private static func isQuotedWithBars(_ bytes: RawSpan, _ end: Int) -> Bool {
    var lines = 0
    var barred = 0
    var start = 0
    while start < end {
      let next = bytes.find(10, start, end) ?? end
      if bytes.trimEnd(start, next) > start + 1 {
        lines += 1
        if bytes.byte(start) == 124, bytes.byte(start + 1) == 32 || bytes.byte(start + 1) == 35 {
          barred += 1
        }
      }
      start = next + 1
    }
    return barred >= 3 && barred * 2 > lines
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    if RawSpan.isDigit(byte) { return byte &- 48 }
    return byte &- 65 < 6 ? byte &- 55 : nil
  }

  private static func unprinted(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      guard text[index] == 61 else {
        result.append(text[index])
        index += 1
        continue
      }
      if index + 1 < text.count, text[index + 1] == 10 {
        index += 2
      } else if index + 2 < text.count, text[index + 1] == 13, text[index + 2] == 10 {
        index += 3
      } else if index + 2 < text.count, let high = digit(text[index + 1]),
        let low = digit(text[index + 2])
      {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(61)
        index += 1
      }
    }
    return result
  }

  private static let entities: [(name: [UInt8], byte: UInt8)] = [
    ("&lt;", 60), ("&gt;", 62), ("&amp;", 38), ("&quot;", 34), ("&nbsp;", 32), ("&apos;", 39),
  ].map { (Array($0.0.utf8), $0.1) }

  private static func withoutEntities(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == 38 {
        if let entity = entities.first(where: { text[index...].starts(with: $0.name) }) {
          result.append(entity.byte)
          index += entity.name.count
          continue
        }
        if let (byte, next) = numbered(text, index) {
          result.append(byte)
          index = next
          continue
        }
      }
      result.append(text[index])
      index += 1
    }
    return result
  }

  /// `&#61;` or `&#x3D;` of an ASCII character.
  private static func numbered(_ text: [UInt8], _ start: Int) -> (byte: UInt8, next: Int)? {
    guard start + 2 < text.count, text[start + 1] == 35 else { return nil }
    var index = start + 2
    let isHex = text[index] | 32 == 120
    if isHex { index += 1 }
    var value = 0
    let first = index
    while index < text.count, index - first < 4 {
      guard let digit = digit(text[index] >= 97 ? text[index] &- 32 : text[index]),
        isHex || digit < 10
      else { break }
      value = value * (isHex ? 16 : 10) + Int(digit)
      index += 1
    }
    guard index > first, index < text.count, text[index] == 59, value < 128, value > 0 else {
      return nil
    }
    return (UInt8(value), index + 1)
  }

  private static func withoutHardBlanks(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for byte in text {
      if byte == 0xa0, result.last == 0xc2 {
        result[result.count - 1] = 32
      } else {
        result.append(byte)
      }
    }
    return result
  }

  private enum Place { case mark, blank, text }

  private static func withoutBars(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    // The bars of a line's begin, and the blank after each.
    var place = Place.mark
    for byte in text {
      switch (place, byte) {
      case (.mark, 124): place = .blank
      case (.blank, 32): place = .mark
      case (.blank, 124): break
      case (_, 10):
        place = .mark
        result.append(byte)
      default:
        place = .text
        result.append(byte)
      }
    }
    return result
  }
}
