/// What a page's head says of events lost between the page before and this one.
@frozen public enum LostMark: Hashable, Sendable {
  /// Nothing was lost.
  case none
  /// Events were lost, and how many is not stored (RB_MISSED_EVENTS alone).
  case unknownCount
  /// So many events were lost (RB_MISSED_STORED: the number stands behind the page's data).
  case count(UInt64)
}
