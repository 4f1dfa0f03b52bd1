public import TraceModel

/// What a rule claims: this cause used these stretches of the window.
///
/// Only this module makes and changes one: a verdict that did not go through the ledger and its
/// caps does not compile.
public struct Finding: Hashable, Sendable {
  /// The class.
  public internal(set) var culprit: CulpritClass
  /// Function, handler, vector or `comm-pid`, as the class wants it; empty where there is none.
  public internal(set) var name: String
  /// How well founded.
  public internal(set) var confidence: Confidence
  /// The stretches that it claims, within the window.
  public internal(set) var spans: [TimeSpan]
  /// What speaks for it.
  public internal(set) var evidence: [Evidence]
  /// What to do next, a sentence or two.
  public internal(set) var nextStep: String

  /// Memberwise.
  init(
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
  public internal(set) var culprit: CulpritClass
  /// What rules it out, one clause.
  public internal(set) var reason: String

  /// Memberwise.
  init(_ culprit: CulpritClass, because reason: String) {
    self.culprit = culprit
    self.reason = reason
  }
}

/// A cause that the evidence neither shows nor rules out.
public struct OpenRival: Hashable, Sendable {
  /// The class.
  public internal(set) var culprit: CulpritClass
  /// What leaves it open, one clause.
  public internal(set) var reason: String

  /// Memberwise.
  init(_ culprit: CulpritClass, because reason: String) {
    self.culprit = culprit
    self.reason = reason
  }
}

/// What one rule says of one spike.
struct RuleOutcome: Hashable, Sendable {
  /// The causes that it found.
  var findings: [Finding] = []
  /// Why it found none, where that is worth saying.
  var refutations: [Refutation] = []
  /// What it could not decide.
  var open: [OpenRival] = []

  /// The rule has nothing to say.
  static let nothing = RuleOutcome()

  /// The rule's cause does not hold.
  static func refuted(_ culprit: CulpritClass, because reason: String) -> RuleOutcome {
    RuleOutcome(refutations: [Refutation(culprit, because: reason)])
  }

  /// What would decide whether the rule's cause holds was not recorded.
  static func open(_ culprit: CulpritClass, because reason: String) -> RuleOutcome {
    RuleOutcome(open: [OpenRival(culprit, because: reason)])
  }
}

/// One class of causes: what it needs to see, and what it concludes.
///
/// A rule is a pure function of the case; it may claim time that another rule claims too: the
/// ledger gives each nanosecond to one of them. Which of its functions is asked depends on what the
/// window is.
protocol Rule: Sendable {
  /// The class, what it must see, and how far its verdict can go.
  static var profile: RuleProfile { get }

  /// Examines a wakeup.
  func examine(_ spike: SpikeCase) -> RuleOutcome
  /// Examines a section that a latency tracer measured.
  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome
  /// Examines a noise that osnoise or hwlat measured.
  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome
  /// Examines a stretch that a search for lateness found, where that is not a wait for a CPU.
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome
}

extension Rule {
  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome { .nothing }
  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome { .nothing }
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome { .nothing }

  /// What the rule says of the case, whatever its window is.
  func outcome(_ spike: SpikeCase) -> RuleOutcome {
    switch spike.subject {
    case .wakeup: examine(spike)
    case .section(let section): examine(section, of: spike)
    case .noise(let noise): examine(noise, of: spike)
    case .lateness(let work): work.isWait ? examine(spike) : examine(work, of: spike)
    }
  }
}
