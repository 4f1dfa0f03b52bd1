/// Where a record's data is in a page and when it was written; valid only with its page.
@frozen public struct RecordRef: Hashable, Sendable {
  /// The trace clock's stamp as stored.
  public let time: UInt64
  /// Byte offset of the data (the event's first common field) in the page.
  public let offset: Int
  /// Bytes of data; may end with up to 3 bytes of alignment.
  public let length: Int
  /// The event's id (`common_type`).
  public let id: UInt16

  @inlinable init(time: UInt64, offset: Int, length: Int, id: UInt16) {
    self.time = time
    self.offset = offset
    self.length = length
    self.id = id
  }

  /// The stamp as a time, saturated.
  @inlinable public var stamp: Int64 { Int64(clamping: time) }
}
