/// Where a number is in an event's data; made from the event's format.
@frozen public struct FieldSlot: Hashable, Sendable {
  /// Byte offset in the record's data.
  public let offset: Int
  /// Size in bytes: 1, 2, 4 or 8.
  public let size: Int
  /// Whether the number is sign-extended.
  public let isSigned: Bool
  /// Whether its bytes must be swapped on this machine.
  public let isSwapped: Bool

  /// Makes a slot for a scalar field; nil for an array, a text or a struct.
  init?(_ field: FieldFormat, layout: PageLayout) {
    guard field.shape == .scalar, [1, 2, 4, 8].contains(field.size) else { return nil }
    self.init(
      offset: field.offset, size: field.size, isSigned: field.isSigned, isSwapped: layout.isSwapped)
  }

  init(offset: Int, size: Int, isSigned: Bool, isSwapped: Bool) {
    self.offset = offset
    self.size = size
    self.isSigned = isSigned
    self.isSwapped = isSwapped
  }

  /// First byte after the field.
  @inlinable public var end: Int { offset + size }

  /// The number in `record`, nil where the record is too short. An unsigned 8-byte number keeps its
  /// bits.
  @inlinable public func integer(_ page: RawSpan, _ record: RecordRef) -> Int64? {
    guard end <= record.length, record.offset >= 0, record.offset + end <= page.byteCount else {
      return nil
    }
    return unchecked(page, record.offset)
  }

  /// The number of the record whose data begins at `base`; the caller has checked that
  /// `base + offset ..< base + end` lies in the page.
  @inlinable @inline(__always) func unchecked(_ page: RawSpan, _ base: Int) -> Int64 {
    if size == 4 {
      let value = page.uncheckedUInt32(base + offset, swapped: isSwapped)
      return isSigned ? Int64(Int32(bitPattern: value)) : Int64(value)
    }
    if size == 8 {
      return Int64(bitPattern: page.uncheckedUInt64(base + offset, swapped: isSwapped))
    }
    if size == 2 {
      let value = page.uncheckedUInt16(base + offset, swapped: isSwapped)
      return isSigned ? Int64(Int16(bitPattern: value)) : Int64(value)
    }
    let value = page.uncheckedUInt8(base + offset)
    return isSigned ? Int64(Int8(bitPattern: value)) : Int64(value)
  }
}
