import TraceModel

/// What a page's head says of events lost between the page before and this one.
@frozen public enum LostMark: Hashable, Sendable {
  /// Nothing was lost.
  case none
  /// Events were lost, and how many is not stored (RB_MISSED_EVENTS alone).
  case unknownCount
  /// This number of events was lost (RB_MISSED_STORED: the number comes after the page's data).
  case count(UInt64)
}

extension LostMark {
  /// The mark as a gap's cause, nil where nothing was lost.
  var cause: TimelineGap.Cause? {
    switch self {
    case .none: nil
    case .unknownCount: .lostEvents(count: nil)
    case .count(let count): .lostEvents(count: count)
    }
  }
}
