/// What a scan over a CPU's records met besides records.
@frozen public struct ScanResult: Hashable, Sendable {
  /// Records given to the visitor.
  public var records = 0
  /// Pages with a lost-events mark, the first page of the buffer not counted.
  public var lostMarks = 0
  /// Pages that could not be read to their end.
  public var damagedPages = 0

  @inlinable init() {}
}
