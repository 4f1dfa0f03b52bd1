public import TraceModel

/// What a rule claims: this cause used these stretches of the window.
public struct Finding: Hashable, Sendable {
  /// The class.
  public var culprit: CulpritClass
  /// Function, handler, vector or `comm-pid`, as the class wants it; empty where there is none.
  public var name: String
  /// How well founded.
  public var confidence: Confidence
  /// The stretches that it claims, within the window.
  public var spans: [TimeSpan]
  /// What speaks for it.
  public var evidence: [Evidence]
  /// What to do next, a sentence or two.
  public var nextStep: String

  /// Makes a finding.
  public init(
    _ culprit: CulpritClass, name: String, confidence: Confidence, spans: [TimeSpan],
    evidence: [Evidence], nextStep: String
  ) {
    self.culprit = culprit
    self.name = name
    self.confidence = confidence
    self.spans = spans
    self.evidence = evidence
    self.nextStep = nextStep
  }

  /// The claimed time.
  public var claimed: Nanoseconds { spans.reduce(.zero) { $0 + $1.length } }
}

/// A cause that was looked at and does not hold.
public struct Refutation: Hashable, Sendable {
  /// The class.
  public var culprit: CulpritClass
  /// By what it is refuted, one clause.
  public var reason: String

  /// Makes a refutation.
  public init(_ culprit: CulpritClass, because reason: String) {
    self.culprit = culprit
    self.reason = reason
  }
}

/// What one rule says of one spike.
public struct RuleOutcome: Hashable, Sendable {
  /// The causes that it found.
  public var findings: [Finding]
  /// Why it found none, where that is worth saying.
  public var refutations: [Refutation]

  /// Makes an outcome.
  public init(findings: [Finding] = [], refutations: [Refutation] = []) {
    self.findings = findings
    self.refutations = refutations
  }

  /// The rule has nothing to say.
  public static let nothing = RuleOutcome()

  /// The rule's cause does not hold.
  public static func refuted(_ culprit: CulpritClass, because reason: String) -> RuleOutcome {
    RuleOutcome(refutations: [Refutation(culprit, because: reason)])
  }
}

/// One class of causes: what it needs to see, and what it concludes.
///
/// A rule is a pure function of the case; it may claim time that another rule claims too: the ledger
/// gives each nanosecond to one of them.
public protocol Rule: Sendable {
  /// The class, what it must see, and how far its verdict can go.
  static var profile: RuleProfile { get }

  /// Examines a spike.
  func examine(_ spike: SpikeCase) -> RuleOutcome
}
