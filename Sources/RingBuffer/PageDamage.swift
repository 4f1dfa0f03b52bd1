/// What is wrong with a page.
@frozen public enum PageDamage: Hashable, Sendable {
  /// The page is shorter than its head.
  case shorterThanHeader
  /// The page says that it holds more than its size.
  case commitTooLong
  /// The page ends before the records that it says it holds.
  case truncated
  /// A record extends beyond the page's records.
  case recordTooLong
  /// A record is too short to hold an event's id.
  case recordTooShort

  /// What is wrong, as a part of a sentence.
  public var text: String {
    switch self {
    case .shorterThanHeader: "the page is shorter than its header"
    case .commitTooLong: "the commit field exceeds the size of the page"
    case .truncated: "the page is truncated"
    case .recordTooLong: "a record extends beyond the end of the page"
    case .recordTooShort: "a record has an invalid length"
    }
  }
}
