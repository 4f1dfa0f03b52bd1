public import Analysis
public import TraceModel

/// The steps of a run that traced more after each spike that it could not prove (`--escalate`).
public struct EscalationFacts: Codable, Hashable, Sendable {
  /// One step.
  public struct Step: Codable, Hashable, Sendable {
    /// Number of the step, from 1.
    public var number: Int
    /// What it traced, in words.
    public var traced: String
    /// What it adds to the median wakeup, nil where that was not measured.
    public var cost: Nanoseconds?
    /// Why it was left out; nil where it was made.
    public var skipped: String?
    /// The spike's latency; nil where none came.
    public var latency: Nanoseconds?
    /// The culprit's class.
    public var culprit: String?
    /// The culprit's name.
    public var name: String?
    /// The confidence word.
    public var confidence: String?

    /// Makes a step that has no spike yet.
    public init(number: Int, traced: String, cost: Nanoseconds? = nil, skipped: String? = nil) {
      self.number = number
      self.traced = traced
      self.cost = cost
      self.skipped = skipped
    }

    private enum CodingKeys: String, CodingKey {
      case number, traced, skipped, name, confidence
      case cost = "cost_ns"
      case latency = "latency_ns"
      case culprit = "class"
    }

    /// How far its verdict goes; 0 without one.
    var rank: Int {
      confidence.flatMap { word in
        ["unexplained", "possible", "likely", "proven"].firstIndex(of: word).map { $0 + 1 }
      } ?? 0
    }
  }

  /// What a step may add to the median wakeup.
  public var budget: Nanoseconds
  /// The steps so far; the last one is that of the report.
  public var steps: [Step]

  /// Makes facts without steps.
  public init(budget: Nanoseconds, steps: [Step] = []) {
    self.budget = budget
    self.steps = steps
  }

  private enum CodingKeys: String, CodingKey {
    case steps
    case budget = "budget_ns"
  }

  /// Writes the verdict into the last step.
  public mutating func close(with analysis: SpikeAnalysis) {
    guard let last = steps.indices.last else { return }
    steps[last].latency = analysis.sample.latency
    steps[last].culprit = analysis.culprit.culprit.rawValue
    steps[last].name = analysis.culprit.name
    steps[last].confidence = analysis.culprit.confidence.rawValue
  }

  /// The step whose verdict is the best founded, the first of equals; nil without any verdict.
  public var deciding: Step? {
    steps.reduce(nil as Step?) { best, step in
      step.rank > (best?.rank ?? 0) ? step : best
    }
  }
}
