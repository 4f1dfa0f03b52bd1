public import TraceModel

/// One injected fault and what the reports called it.
public struct VerifyRow: Codable, Hashable, Sendable {
  /// One measured spike of the fault.
  public struct Round: Codable, Hashable, Sendable {
    /// Its latency.
    public var latency: Nanoseconds
    /// The class that the report named.
    public var culprit: String
    /// The name after the class.
    public var name: String
    /// The confidence word.
    public var confidence: String
    /// Whether it is the class of the fault.
    public var isClassRight: Bool
    /// Whether it is the name of what was injected.
    public var isNameRight: Bool
    /// The report's first sentence.
    public var headline: String
    /// The bundle, nil where none was kept.
    public var bundle: String?

    private enum CodingKeys: String, CodingKey {
      case name, confidence, headline, bundle
      case latency = "latency_ns"
      case culprit = "class"
      case isClassRight = "class_right"
      case isNameRight = "name_right"
    }

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(
      latency: Nanoseconds, culprit: String, name: String, confidence: String, isClassRight: Bool,
      isNameRight: Bool, headline: String, bundle: String? = nil
    ) {
      self.latency = latency
      self.culprit = culprit
      self.name = name
      self.confidence = confidence
      self.isClassRight = isClassRight
      self.isNameRight = isNameRight
      self.headline = headline
      self.bundle = bundle
    }

    /// Whether class and name are those of the fault.
    public var isRight: Bool { isClassRight && isNameRight }

    /// Whether a wrong cause was called proven.
    public var isWronglyProven: Bool { confidence == "proven" && !isRight }
  }

  /// The fault's name, as it is written on the command line.
  public var fault: String
  /// What was done, one clause.
  public var what: String
  /// The spikes that the fault made.
  public var rounds: [Round] = []
  /// Spikes of the machine's own that came in between and are not counted.
  public var otherSpikes = 0
  /// Why it cannot be injected here, nil where it was.
  public var obstacle: String?
  /// Why there are fewer rounds than asked for, nil where there are not.
  public var shortfall: String?

  private enum CodingKeys: String, CodingKey {
    case fault, what, rounds, obstacle, shortfall
    case otherSpikes = "other_spikes"
  }

  /// Makes a row without rounds.
  public init(fault: String, what: String) {
    self.fault = fault
    self.what = what
  }

  /// Rounds whose class is right.
  public var classRight: Int { rounds.count(where: \.isClassRight) }
  /// Rounds whose name is right.
  public var nameRight: Int { rounds.count(where: \.isNameRight) }
  /// Rounds with a wrong cause that was called proven.
  public var wrongProven: Int { rounds.count(where: \.isWronglyProven) }

  /// Whether it was measured as often as asked for and named each time.
  public func isNamed(rounds wanted: Int) -> Bool {
    obstacle == nil && rounds.count >= wanted && rounds.allSatisfy(\.isRight)
  }
}
