/// All that is needed to walk the records of a page without knowing its events.
@frozen public struct PageLayout: Hashable, Sendable {
  /// Offset of the page's 8-byte time stamp.
  public let timestampOffset: Int
  /// Offset of the commit word.
  public let commitOffset: Int
  /// Size of the commit word, 4 or 8; the lost-events count has the same size.
  public let commitSize: Int
  /// Offset of the first record.
  public let dataOffset: Int
  /// Offset of the 2-byte event id in a record's data (`common_type`).
  public let idOffset: Int
  /// Whether the pages are big endian: the record headers' bit fields then begin at the other end.
  public let isBigEndian: Bool
  /// Whether the bytes of a number must be swapped on this machine.
  public let isSwapped: Bool

  /// Makes the layout of pages of `byteOrder` with the head that `header` describes.
  public init(header: HeaderPage, byteOrder: ByteOrder = .little, idOffset: Int = 0) {
    timestampOffset = header.timestampOffset
    commitOffset = header.commitOffset
    commitSize = header.commitSize
    dataOffset = header.dataOffset
    self.idOffset = max(0, min(idOffset, FieldFormat.limit))
    isBigEndian = byteOrder == .big
    #if _endian(little)
      isSwapped = byteOrder == .big
    #else
      isSwapped = byteOrder == .little
    #endif
  }
}
