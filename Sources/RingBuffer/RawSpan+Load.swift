extension RawSpan {
  /// The two bytes at `offset`; the caller has checked that `offset...offset + 1` lies in the span.
  @inlinable @inline(__always)
  func uncheckedUInt16(_ offset: Int, swapped: Bool) -> UInt16 {
    let value = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self)
    return swapped ? value.byteSwapped : value
  }

  /// The four bytes at `offset`; the caller has checked that they lie in the span.
  @inlinable @inline(__always)
  func uncheckedUInt32(_ offset: Int, swapped: Bool) -> UInt32 {
    let value = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
    return swapped ? value.byteSwapped : value
  }

  /// The eight bytes at `offset`; the caller has checked that they lie in the span.
  @inlinable @inline(__always)
  func uncheckedUInt64(_ offset: Int, swapped: Bool) -> UInt64 {
    let value = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    return swapped ? value.byteSwapped : value
  }

  /// The byte at `offset`; the caller has checked that it lies in the span.
  @inlinable @inline(__always)
  func uncheckedUInt8(_ offset: Int) -> UInt8 {
    unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// Whether `wanted` is at `offset`, which is not negative.
  func holds(_ wanted: [UInt8], at offset: Int) -> Bool {
    guard wanted.count <= byteCount - offset else { return false }
    return wanted.indices.allSatisfy { uncheckedUInt8(offset + $0) == wanted[$0] }
  }

  /// The bytes of `range` up to the first NUL as text, clipped to the span; damaged UTF-8 is
  /// repaired.
  func text(in range: Range<Int>) -> String {
    let wanted = range.clamped(to: 0..<byteCount)
    var end = wanted.lowerBound
    while end < wanted.upperBound, uncheckedUInt8(end) != 0 { end += 1 }
    return unsafe extracting(wanted.lowerBound..<end).withUnsafeBytes {
      unsafe String(decoding: $0, as: UTF8.self)
    }
  }
}
