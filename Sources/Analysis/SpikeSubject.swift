public import TraceModel

/// What the window of a spike is.
public enum SpikeSubject: Hashable, Sendable {
  /// A thread's way from its expiry, or its wakeup, to the CPU.
  case wakeup
  /// A section that irqsoff, preemptoff or preemptirqsoff measured: nobody need have waited for its
  /// end.
  case section(LatencySection)
  /// A noise that osnoise or hwlat measured.
  case noise(NoiseSample)
  /// A stretch that a search for lateness found.
  case lateness(LateWork)

  /// Whether a thread that was runnable waited for a CPU.
  var isWait: Bool {
    switch self {
    case .wakeup: true
    case .lateness(let work): work.isWait
    case .section, .noise: false
    }
  }
}

/// One noise of the osnoise tracer, or one gap of hwlat: a thread that only reads the clock was
/// kept from it.
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
    /// A line of osnoise's own table, with the kinds of noise that it counts; it does not say which
    /// was the longest.
    case summary(Set<CulpritClass>)
    /// A sample of osnoise (sample_threshold) with the noises that lie in it; what may nest in
    /// others comes first.
    case sample([NoisePart])
  }

  /// What it was.
  public var kind: Kind
  /// The tracer's line.
  public var event: TraceEvent

  /// Memberwise.
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

  /// The findings of the parts of a sample that a rule answers for: `name` gives the name of a part
  /// that is its own.
  func parts(
    of culprit: CulpritClass, in spike: SpikeCase, nextStep: (NoisePart) -> String,
    name: (Kind) -> String?
  ) -> RuleOutcome? {
    guard case .sample(let parts) = kind else { return nil }
    var findings: [Finding] = []
    var taken: [TimeSpan] = []
    for part in parts {
      let spans = Spans.subtracting(Spans.merged(taken), from: [part.span])
      taken.append(part.span)
      guard let name = name(part.kind), !spans.isEmpty else { continue }
      let evidence = [Evidence(part.event)] + part.notes.map { Evidence($0) }
      if let index = findings.firstIndex(where: { $0.name == name }) {
        findings[index].spans = Spans.merged(findings[index].spans + spans)
        if findings[index].evidence.count < 6 { findings[index].evidence += evidence }
      } else {
        findings.append(
          Finding(
            culprit, name: name, confidence: .proven, spans: spans, evidence: evidence,
            nextStep: nextStep(part)))
      }
    }
    return RuleOutcome(findings: findings)
  }

  /// The finding of all threads of a sample together, that of the longest in front.
  func threads(in spike: SpikeCase) -> RuleOutcome? {
    let each = parts(of: .runQueue, in: spike) { part in
      part.work.isEmpty ? "" : "Its work was \(part.work)."
    } name: {
      if case .thread(let task) = $0 { task.text } else { nil }
    }
    guard let each else { return nil }
    let sorted = each.findings.sorted { $0.claimed > $1.claimed }
    guard var first = sorted.first else { return each }
    let others = sorted.dropFirst().prefix(6).map { "\($0.name) \($0.claimed.microseconds) us" }
    first.nextStep = [
      first.nextStep,
      "\(first.name) ran for \(first.claimed.microseconds) us instead of the osnoise thread"
        + (others.isEmpty ? "" : ", then " + others.joined(separator: ", "))
        + ". Move it to another CPU, or isolate this one.",
    ].filter { !$0.isEmpty }.joined(separator: " ")
    first.evidence = sorted.prefix(4).flatMap { $0.evidence.prefix(3) }
    first.spans = Spans.merged(sorted.flatMap(\.spans))
    // From its begin to its line a thread need not have had all of the time.
    first.confidence = .likely
    return RuleOutcome(findings: [first])
  }

  /// The stretches of a sample that none of its parts covers.
  var uncovered: (sample: TraceEvent, parts: [TimeSpan])? {
    guard case .sample(let parts) = kind else { return nil }
    return (event, Spans.merged(parts.map(\.span)))
  }

  /// The finding of a class that is the only kind of noise which a summary counts.
  func summary(_ culprit: CulpritClass, in spike: SpikeCase) -> RuleOutcome {
    guard case .summary([culprit]) = kind else { return .nothing }
    return finding(
      culprit, "", .possible, in: spike,
      nextStep: "The summary contains only counts. Record the osnoise events (irq_noise, "
        + "softirq_noise, thread_noise) to see which noise was the longest.")
  }
}

/// A noise within a sample of osnoise.
public struct NoisePart: Hashable, Sendable {
  /// What it was.
  public var kind: NoiseSample.Kind
  /// From when to when, what nests in it included.
  public var span: TimeSpan
  /// The tracer's line.
  public var event: TraceEvent
  /// Events that say what it did.
  public var notes: [TraceEvent]

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    _ kind: NoiseSample.Kind, span: TimeSpan, event: TraceEvent, notes: [TraceEvent] = []
  ) {
    self.kind = kind
    self.span = span
    self.event = event
    self.notes = notes
  }

  /// The function of the work item that it ran longest, empty where no event names one.
  var work: String {
    for note in notes {
      switch note.payload {
      case .workStart(_, let function), .workEnd(_, let function): return function.text
      default: continue
      }
    }
    return ""
  }
}

/// Where a sample comes from, where that is not a measurement of breaktrace's own.
public struct SampleOrigin: Hashable, Sendable {
  /// How the sample was derived, a clause for the report; empty for a measured one.
  public var derivation: String
  /// The buffer that holds the events, empty for the top one.
  public var instance: String
  /// Whether an event's position is a line of a text.
  public var hasLines: Bool
  /// Events that the trace does not have: they were made from the line at their position.
  public var made: Set<TraceEvent>

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    derivation: String = "", instance: String = "", hasLines: Bool = false,
    made: Set<TraceEvent> = []
  ) {
    self.derivation = derivation
    self.instance = instance
    self.hasLines = hasLines
    self.made = made
  }

  /// The excerpt with the events marked that the trace does not have.
  func marked(_ lines: [ExcerptLine]) -> [ExcerptLine] {
    guard !made.isEmpty else { return lines }
    return lines.map { line in
      var line = line
      line.isMade = line.event.map(made.contains) ?? false
      return line
    }
  }

  private func isMade(_ evidence: Evidence) -> Bool {
    made.contains {
      $0.time == evidence.time && $0.position == evidence.position
        && evidence.event == Evidence($0).event
    }
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
          let evidence = findings[finding].evidence[index]
          guard let line = evidence.position, line > 0 else { continue }
          findings[finding].evidence[index].text +=
            isMade(evidence) ? " [made from line \(line)]" : " [line \(line)]"
        }
      }
    }
    if !instance.isEmpty {
      findings[0].evidence.append(Evidence(source: "buffer", text: "instance \(instance)"))
    }
  }
}
