/// The head of a sub-buffer page (`struct buffer_data_page`).
@frozen public struct PageHeader: Hashable, Sendable {
  /// Time of the page's first record before its delta is added.
  public let timestamp: UInt64
  /// Bytes of records in the page, as the page says; not checked against its size.
  public let commit: Int
  /// Whether events were lost before the page.
  public let lost: LostMark

  @inlinable init(timestamp: UInt64, commit: Int, lost: LostMark) {
    self.timestamp = timestamp
    self.commit = commit
    self.lost = lost
  }
}
