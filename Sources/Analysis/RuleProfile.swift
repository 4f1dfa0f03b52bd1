/// What a rule is about: its class, what it must see, and how far its verdict can go.
public struct RuleProfile: Hashable, Sendable {
  /// The class.
  public var culprit: CulpritClass
  /// What it cannot do without.
  public var needs: [Need]
  /// What it needs besides for its best word; empty where `needs` is enough.
  public var proof: [Need]
  /// The best word that it gives when all of it is there.
  public var best: Confidence
  /// What it would take on a kernel that lacks it: a config option, a boot option, a privilege.
  public var takes: String

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    _ culprit: CulpritClass, needs: [Need], proof: [Need] = [], best: Confidence, takes: String
  ) {
    self.culprit = culprit
    self.needs = needs
    self.proof = proof
    self.best = best
    self.takes = takes
  }
}
