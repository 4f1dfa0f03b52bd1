public import TraceModel

/// What the window of a spike is.
public enum SpikeSubject: Hashable, Sendable {
  /// A thread's way from its expiry, or its wake-up, to the CPU.
  case wakeup
  /// A section that irqsoff, preemptoff or preemptirqsoff measured: nobody need have waited for its end.
  case section(LatencySection)
  /// A noise that osnoise or hwlat measured.
  case noise(NoiseSample)
}

/// One noise of the osnoise tracer, or one gap of hwlat: a thread that only reads the clock was kept from it.
public struct NoiseSample: Hashable, Sendable {
  /// What the tracer says that it was.
  public enum Kind: Hashable, Sendable {
    /// osnoise:irq_noise, with the interrupt's name.
    case interrupt(String)
    /// osnoise:softirq_noise, with the vector's name.
    case softirq(String)
    /// osnoise:nmi_noise
    case nmi
    /// osnoise:thread_noise, with the thread that ran.
    case thread(TaskIdentity)
    /// A gap of hwlat, with the number of NMIs in the same look.
    case gap(nmis: Int64)
    /// A line of osnoise's own table, with the kinds of noise that it counts; it does not say which was the longest.
    case summary(Set<CulpritClass>)
  }

  /// What it was.
  public var kind: Kind
  /// The tracer's line.
  public var event: TraceEvent

  /// Makes a sample.
  public init(_ kind: Kind, event: TraceEvent) {
    self.kind = kind
    self.event = event
  }

  /// The finding of a rule that the tracer's line names.
  func finding(
    _ culprit: CulpritClass, _ name: String, _ confidence: Confidence, in spike: SpikeCase,
    nextStep: String
  ) -> RuleOutcome {
    RuleOutcome(findings: [
      Finding(
        culprit, name: name, confidence: confidence, spans: [spike.sample.window],
        evidence: [Evidence(event)], nextStep: nextStep)
    ])
  }

  /// The finding of a class that is the only kind of noise which a summary counts.
  func summary(_ culprit: CulpritClass, in spike: SpikeCase) -> RuleOutcome {
    guard case .summary([culprit]) = kind else { return .nothing }
    return finding(
      culprit, "", .possible, in: spike,
      nextStep: "The summary gives counts only. Record the osnoise events (irq_noise, "
        + "softirq_noise, thread_noise) to see which noise was the longest.")
  }
}

/// Where a sample comes from, where that is no measurement of breaktrace's own.
public struct SampleOrigin: Hashable, Sendable {
  /// How the sample was derived, a clause for the report; empty for a measured one.
  public var derivation: String
  /// The buffer that holds the events, empty for the top one.
  public var instance: String
  /// Whether an event's position is a line of a text.
  public var hasLines: Bool

  /// Makes an origin.
  public init(derivation: String = "", instance: String = "", hasLines: Bool = false) {
    self.derivation = derivation
    self.instance = instance
    self.hasLines = hasLines
  }

  /// Adds what the origin says to the findings' evidence.
  func note(in findings: inout [Finding]) {
    guard !findings.isEmpty else { return }
    if !derivation.isEmpty {
      findings[0].evidence.append(Evidence(source: "sample", text: derivation))
    }
    if hasLines {
      for finding in findings.indices {
        for index in findings[finding].evidence.indices {
          guard let line = findings[finding].evidence[index].position, line > 0 else { continue }
          findings[finding].evidence[index].text += " [line \(line)]"
        }
      }
    }
    if !instance.isEmpty {
      findings[0].evidence.append(Evidence(source: "buffer", text: "instance \(instance)"))
    }
  }
}
