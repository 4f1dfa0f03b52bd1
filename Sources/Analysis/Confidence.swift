/// How well a verdict is founded.
public enum Confidence: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Nothing explains it.
  case unexplained
  /// Fits, but rivals are left or evidence may be missing.
  case possible
  /// One-sided evidence and no rival left.
  case likely
  /// Direct evidence of begin and end for at least 80 % of the span.
  case proven

  /// Whether `a` is the weaker word.
  public static func < (a: Confidence, b: Confidence) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .unexplained: 0
    case .possible: 1
    case .likely: 2
    case .proven: 3
    }
  }
}
