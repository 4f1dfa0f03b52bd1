/// Reads the lines of /proc/kallsyms eight bytes at a time: there are a hundred thousand and more
/// of them.
enum SymbolScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let tops: UInt64 = 0x8080_8080_8080_8080

  /// The number that eight bytes, read as they are, write in hexadecimal; nil where one of them is
  /// not a digit.
  @inline(__always) static func half(_ raw: UInt64) -> UInt64? {
    let text = UInt64(littleEndian: raw)
    // Bytes below 0x80 carry nothing into their neighbours here.
    let letters = text | 0x2020_2020_2020_2020
    let isDigit = (text &+ ones &* 0x50) & ~(text &+ ones &* 0x46)
    let isLetter = (letters &+ ones &* 0x1f) & ~(letters &+ ones &* 0x19)
    guard text & tops == 0, (isDigit | isLetter) & tops == tops else { return nil }
    var value = (text & 0x0f0f_0f0f_0f0f_0f0f) &+ (text & 0x4040_4040_4040_4040) >> 6 &* 9
    value = (value << 4 | value >> 8) & 0x00ff_00ff_00ff_00ff
    value = (value << 8 | value >> 16) & 0x0000_ffff_0000_ffff
    return (value << 16 | value >> 32) & 0xffff_ffff
  }

  /// Where the line that holds `offset` ends: its line feed, else the span's end.
  @inline(__always) static func lineEnd(_ bytes: RawSpan, from offset: Int) -> Int {
    var index = offset
    let count = bytes.byteCount
    while index + 8 <= count {
      let word = UInt64(littleEndian: bytes.uncheckedUInt64(index, swapped: false)) ^ ones &* 10
      let found = (word &- ones) & ~word & tops
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count, bytes.uncheckedUInt8(index) != 10 { index += 1 }
    return index
  }
}
