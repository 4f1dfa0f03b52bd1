/// All classes with what their rules need to see, in the catalogue's order.
public enum RuleCatalogue {
  /// One profile a class, `unknown` last.
  public static let all: [RuleProfile] = {
    let profiles = RuleSet.all.map { type(of: $0).profile }
    return CulpritClass.allCases.compactMap { culprit in
      profiles.first { $0.culprit == culprit }
    }
  }()

  /// The profile of a class.
  public static func profile(of culprit: CulpritClass) -> RuleProfile? {
    all.first { $0.culprit == culprit }
  }
}
