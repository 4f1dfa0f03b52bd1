import Analysis
import TraceModel

/// The `culprit` object of the JSON schema; contributors have the same form.
struct CulpritRecord: Encodable, Hashable, Sendable {
  struct EvidenceRecord: Encodable, Hashable, Sendable {
    var time: Nanoseconds?
    var offset: Nanoseconds?
    var cpu: Int?
    var event: String
    var text: String

    private enum CodingKeys: String, CodingKey {
      case cpu, event, text
      case time = "time_ns"
      case offset = "offset_ns"
    }
  }

  struct RefutedRecord: Encodable, Hashable, Sendable {
    var culprit: String
    var reason: String

    private enum CodingKeys: String, CodingKey {
      case culprit = "class"
      case reason = "why"
    }
  }

  var culprit: String
  var name: String
  /// The name with the word that says what it names (`function X`, `task Y`).
  var title: String
  var phrase: String
  /// What happened, with its name; not in JSON.
  var clause: String
  var confidence: String
  var confidenceText: String
  var claimed: Nanoseconds
  var share: Share?
  var evidence: [EvidenceRecord]
  var refuted: [RefutedRecord]
  /// Causes that are neither shown nor ruled out.
  var open: [RefutedRecord]
  var nextStep: String

  private enum CodingKeys: String, CodingKey {
    case name, title, phrase, confidence, share, evidence, refuted, open
    case culprit = "class"
    case confidenceText = "confidence_text"
    case claimed = "ns"
    case nextStep = "next_step"
  }

  init(
    _ finding: Finding, refuted rivals: [Refutation] = [], open: [OpenRival] = [],
    in analysis: SpikeAnalysis
  ) {
    culprit = finding.culprit.rawValue
    name = finding.name
    title = Wording.title(of: finding, in: analysis)
    phrase = finding.culprit.phrase
    clause = Wording.clause(of: finding, in: analysis)
    confidence = finding.confidence.rawValue
    confidenceText = Wording.text(of: finding.confidence)
    claimed = finding.claimed
    share = Share(of: finding.claimed, in: analysis.sample.latency)
    evidence = finding.evidence.map {
      EvidenceRecord(
        time: $0.time, offset: $0.time.map { $0 - analysis.sample.expiry }, cpu: $0.cpu,
        event: $0.event, text: StackText.text(of: $0, in: analysis))
    }
    refuted = rivals.map { RefutedRecord(culprit: $0.culprit.rawValue, reason: $0.reason) }
    self.open = open.map { RefutedRecord(culprit: $0.culprit.rawValue, reason: $0.reason) }
    nextStep = finding.nextStep
  }
}
