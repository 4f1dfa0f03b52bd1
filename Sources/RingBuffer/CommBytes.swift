internal import TraceModel

/// A task's name as the 16 bytes that the kernel keeps (`TASK_COMM_LEN`), zeros after the end:
/// cheap to compare while millions of records are searched.
@frozen public struct CommBytes: Hashable, Sendable {
  /// Bytes 0...7, the first in the lowest bits.
  public let low: UInt64
  /// Bytes 8...15.
  public let high: UInt64

  /// The empty name.
  public static let empty = CommBytes(low: 0, high: 0)

  @inlinable init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// The first 15 bytes of a name.
  public init(_ name: String) {
    var low: UInt64 = 0
    var high: UInt64 = 0
    for (index, byte) in name.utf8.prefix(15).enumerated() {
      if index < 8 {
        low |= UInt64(byte) << UInt64(index * 8)
      } else {
        high |= UInt64(byte) << UInt64(index * 8 - 64)
      }
    }
    self.init(low: low, high: high)
  }

  /// Reads up to 16 bytes at `range`, which lies in the page.
  @inlinable init(_ page: RawSpan, _ range: Range<Int>) {
    var low: UInt64 = 0
    var high: UInt64 = 0
    if range.count >= 16 {
      low = UInt64(littleEndian: page.uncheckedUInt64(range.lowerBound, swapped: false))
      high = UInt64(littleEndian: page.uncheckedUInt64(range.lowerBound + 8, swapped: false))
    } else {
      for index in 0..<range.count {
        let byte = UInt64(page.uncheckedUInt8(range.lowerBound + index))
        if index < 8 {
          low |= byte << UInt64(index * 8)
        } else {
          high |= byte << UInt64(index * 8 - 64)
        }
      }
    }
    // What comes after the NUL is left over from an earlier, longer name.
    let end = Self.bytesBeforeNUL(low)
    self.init(
      low: Self.prefix(low, end), high: end < 8 ? 0 : Self.prefix(high, Self.bytesBeforeNUL(high)))
  }

  @inlinable static func bytesBeforeNUL(_ word: UInt64) -> Int {
    let marks = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    return marks.trailingZeroBitCount / 8
  }

  @inlinable static func prefix(_ word: UInt64, _ bytes: Int) -> UInt64 {
    bytes >= 8 ? word : word & ((1 << UInt64(bytes * 8)) - 1)
  }

  /// The name as text.
  public var text: String { PackedComm.text(low, high) }
}
