internal import Glibc

/// Scanning of ASCII text by byte offsets; every function stays inside the range it is given.
extension RawSpan {
  @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
  @inline(__always) static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
  @inline(__always) static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 32) &- 97 < 26 || byte == 95
  }

  /// The first offset from `start` on that is not a blank.
  @inline(__always) func skipBlanks(_ start: Int, _ end: Int) -> Int {
    var index = start
    while index < end, Self.isBlank(byte(index)) { index += 1 }
    return index
  }

  /// The offset after the last byte before `end` that is not a blank.
  @inline(__always) func trimEnd(_ start: Int, _ end: Int) -> Int {
    var index = end
    while index > start, Self.isBlank(byte(index - 1)) { index -= 1 }
    return index
  }

  /// The first blank from `start` on, or `end`.
  @inline(__always) func wordEnd(_ start: Int, _ end: Int) -> Int {
    var index = start
    while index < end, !Self.isBlank(byte(index)) { index += 1 }
    return index
  }

  /// Where `wanted` is first.
  @inline(__always) func find(_ wanted: UInt8, _ start: Int, _ end: Int) -> Int? {
    var index = start
    while index < end {
      if byte(index) == wanted { return index }
      index += 1
    }
    return nil
  }

  /// Where the line ends that begins at `start`: at its line feed, or at the end of the bytes.
  func lineEnd(_ start: Int) -> Int {
    let count = byteCount - start
    guard count > 0 else { return byteCount }
    return unsafe withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = unsafe memchr(base + start, 10, count)
      else { return byteCount }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  /// Whether `text` is at `start`.
  @inline(__always) func matches(_ text: StaticString, at start: Int, _ end: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard end - start >= count else { return false }
    let wanted = unsafe text.utf8Start
    for index in 0..<count where unsafe byte(start + index) != wanted[index] { return false }
    return true
  }

  /// Where `text` is first.
  @inline(__always) func find(_ text: StaticString, _ start: Int, _ end: Int) -> Int? {
    let last = end - text.utf8CodeUnitCount
    guard text.utf8CodeUnitCount > 0 else { return nil }
    let first = unsafe text.utf8Start[0]
    var index = start
    while index <= last {
      if byte(index) == first, matches(text, at: index, end) { return index }
      index += 1
    }
    return nil
  }

  /// Where `text` is last.
  func findLast(_ text: StaticString, _ start: Int, _ end: Int) -> Int? {
    var index = end - text.utf8CodeUnitCount
    while index >= start {
      if matches(text, at: index, end) { return index }
      index -= 1
    }
    return nil
  }

  /// A decimal number at `start`, saturated, and the offset after it; nil where there is no digit.
  @inline(__always) func decimal(_ start: Int, _ end: Int) -> (value: UInt64, next: Int)? {
    var index = start
    var value: UInt64 = 0
    while index < end {
      let digit = byte(index) &- 48
      guard digit < 10 else { break }
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, more) = product.addingReportingOverflow(UInt64(digit))
      value = over || more ? .max : sum
      index += 1
    }
    return index > start ? (value, index) : nil
  }

  /// A decimal number with an optional minus that fills the range, saturated.
  @inline(__always) func integer(_ range: Range<Int>) -> Int64? {
    var start = range.lowerBound
    let negative = start < range.upperBound && byte(start) == 45
    if negative { start += 1 }
    guard let (value, next) = decimal(start, range.upperBound), next == range.upperBound else {
      return nil
    }
    let positive = Int64(clamping: value)
    return negative ? -positive : positive
  }

  /// A hexadecimal number with or without `0x` that fills the range.
  @inline(__always) func hexadecimal(_ range: Range<Int>) -> UInt64? {
    var index = range.lowerBound
    if matches("0x", at: index, range.upperBound) { index += 2 }
    guard index < range.upperBound, range.upperBound - index <= 16 else { return nil }
    var value: UInt64 = 0
    while index < range.upperBound {
      let byte = byte(index)
      let digit: UInt8
      if Self.isDigit(byte) {
        digit = byte &- 48
      } else if (byte | 32) &- 97 < 6 {
        digit = (byte | 32) &- 87
      } else {
        return nil
      }
      value = value << 4 | UInt64(digit)
      index += 1
    }
    return value
  }

  /// The value after `key` (`pid=`) up to the next blank or the end; the key must begin a word.
  @inline(__always) func value(_ key: StaticString, _ range: Range<Int>) -> Range<Int>? {
    guard let start = keyEnd(key, range) else { return nil }
    return start..<wordEnd(start, range.upperBound)
  }

  /// The value after `key` up to `stop`, which may hold blanks (`comm=a b pid=`).
  @inline(__always) func value(
    _ key: StaticString, until stop: StaticString, _ range: Range<Int>
  ) -> Range<Int>? {
    guard let start = keyEnd(key, range),
      let end = find(stop, start, range.upperBound)
    else { return nil }
    return start..<end
  }

  /// The signed number after `key`.
  @inline(__always) func number(_ key: StaticString, _ range: Range<Int>) -> Int64? {
    guard let start = keyEnd(key, range) else { return nil }
    var end = start
    if end < range.upperBound, byte(end) == 45 { end += 1 }
    while end < range.upperBound, Self.isDigit(byte(end)) { end += 1 }
    return integer(start..<end)
  }

  @inline(__always) private func keyEnd(_ key: StaticString, _ range: Range<Int>) -> Int? {
    var start = range.lowerBound
    while let found = find(key, start, range.upperBound) {
      if found == range.lowerBound || Self.isBlank(byte(found - 1)) {
        return found + key.utf8CodeUnitCount
      }
      start = found + 1
    }
    return nil
  }
}
