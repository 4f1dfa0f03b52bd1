/// How the walk over a page ended.
@frozen public enum PageStatus: Hashable, Sendable {
  /// All of the page's records were seen.
  case complete
  /// The visitor asked to stop.
  case stopped
  /// The page is damaged at byte `offset`; the records before it were seen.
  case damaged(PageDamage, offset: Int)
}
