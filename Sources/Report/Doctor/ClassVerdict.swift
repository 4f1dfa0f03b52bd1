/// What can be said of one class of causes on a kernel.
public struct ClassVerdict: Codable, Hashable, Sendable {
  /// How well the class can be seen.
  public enum Sight: String, Codable, Hashable, Sendable, CaseIterable {
    /// Its begin and end can be shown.
    case proven
    /// It can be named, but not proven.
    case suspected
    /// It cannot be distinguished from others.
    case unseen
    /// It cannot occur on this machine.
    case absent
  }

  /// Name of the class.
  public var culprit: String
  /// What it means.
  public var phrase: String
  /// How well it can be seen.
  public var sight: Sight
  /// What decides that: the evidence that is there, or the one that is not.
  public var decidedBy: String
  /// The one kernel option, boot option, privilege or circumstance that would let more be said; nil
  /// where nothing would.
  public var change: String?
  /// What that change would make of the class, nil where there is none.
  public var changeGives: Sight?
  /// Events that a run must be given with `--events`, because they are not among those that are
  /// always recorded.
  public var extraEvents: [String]
  /// Whether this version of the program has a rule that names the class.
  public var hasRule: Bool

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    culprit: String, phrase: String, sight: Sight, decidedBy: String, change: String? = nil,
    changeGives: Sight? = nil, extraEvents: [String] = [], hasRule: Bool
  ) {
    self.culprit = culprit
    self.phrase = phrase
    self.sight = sight
    self.decidedBy = decidedBy
    self.change = change
    self.changeGives = changeGives
    self.extraEvents = extraEvents
    self.hasRule = hasRule
  }

  private enum CodingKeys: String, CodingKey {
    case phrase, sight, change
    case culprit = "class"
    case decidedBy = "decided_by"
    case changeGives = "change_gives"
    case extraEvents = "extra_events"
    case hasRule = "has_rule"
  }
}
