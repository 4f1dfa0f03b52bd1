/// Where a text or an array is in an event's data: in place, or elsewhere in the record.
@frozen public struct DataSlot: Hashable, Sendable {
  /// Byte offset of the field in the record's data.
  public let offset: Int
  /// Size of the field in place; 0 where it goes on to the record's end.
  public let size: Int
  /// Whether the field holds offset and length of the data (`__data_loc`, `__rel_loc`).
  public let isDynamic: Bool
  /// What is added to a dynamic field's offset: the field's end for `__rel_loc`, else 0.
  public let origin: Int
  /// Whether the bytes of numbers must be swapped on this machine.
  public let isSwapped: Bool

  init?(_ field: FieldFormat, layout: PageLayout) {
    offset = field.offset
    isSwapped = layout.isSwapped
    switch field.shape {
    case .dynamic(let relative):
      guard field.size == 4 else { return nil }
      size = 4
      isDynamic = true
      origin = relative ? field.offset + 4 : 0
    case .array:
      size = field.size
      isDynamic = false
      origin = 0
    case .scalar:
      // Kernels before 5.x call the open text of ftrace:print `char buf` of size 0.
      guard field.size == 0 else { return nil }
      size = 0
      isDynamic = false
      origin = 0
    }
  }

  /// The bytes' range in the page, nil where the record does not hold them all.
  @inlinable public func range(_ page: RawSpan, _ record: RecordRef) -> Range<Int>? {
    let length = record.length
    guard record.offset >= 0, length >= 0, record.offset <= page.byteCount - length else {
      return nil
    }
    var from = offset
    var count = size
    if isDynamic {
      guard offset + 4 <= length else { return nil }
      let word = page.uncheckedUInt32(record.offset + offset, swapped: isSwapped)
      from = Int(word & 0xffff) + origin
      count = Int(word >> 16)
    } else if size == 0 {
      count = length - offset
    }
    guard from >= 0, count >= 0, from <= length, count <= length - from else { return nil }
    return record.offset + from..<record.offset + from + count
  }

  /// The text up to its NUL, nil where the record does not hold it.
  public func text(_ page: RawSpan, _ record: RecordRef) -> String? {
    range(page, record).map { page.text(in: $0) }
  }
}
