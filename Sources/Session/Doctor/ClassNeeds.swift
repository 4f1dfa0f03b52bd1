import Analysis
import Report

/// What a class of causes needs of a kernel: ways to name it, the strongest first.
struct ClassNeeds: Sendable {
  /// One way.
  struct Way: Sendable {
    /// The most that it gives.
    var sight: ClassVerdict.Sight
    /// What it needs, all of it.
    var needs: [ClassNeed]
  }

  /// The class.
  var culprit: CulpritClass
  /// The ways, strongest first.
  var ways: [Way]
  /// Why the class cannot occur on a machine, nil where it can.
  var isAbsent: @Sendable (DoctorEvidence) -> String? = { _ in nil }

  init(
    _ culprit: CulpritClass, proven: [[ClassNeed]] = [], suspected: [[ClassNeed]] = [],
    absent: @escaping @Sendable (DoctorEvidence) -> String? = { _ in nil }
  ) {
    self.culprit = culprit
    ways =
      proven.map { Way(sight: .proven, needs: $0) }
      + suspected.map { Way(sight: .suspected, needs: $0) }
    isAbsent = absent
  }

  /// The verdict on a kernel.
  func verdict(_ evidence: DoctorEvidence, hasRule: Bool, standing: Set<String>) -> ClassVerdict {
    func make(
      _ sight: ClassVerdict.Sight, _ text: String, change: Way?, events: [String] = []
    ) -> ClassVerdict {
      let missing = change?.needs.first { !$0.isMet(evidence) }
      return ClassVerdict(
        culprit: culprit.rawValue, phrase: culprit.phrase, sight: sight, decidedBy: text,
        change: missing?.remedy, changeGives: missing == nil ? nil : change?.sight,
        extraEvents: events.filter { !standing.contains($0) }, hasRule: hasRule)
    }
    if let reason = isAbsent(evidence) { return make(.absent, reason, change: nil) }
    let index = ways.firstIndex { way in way.needs.allSatisfy { $0.isMet(evidence) } }
    // Of the ways that give more, the one that lacks the least.
    let better = ways[..<(index ?? ways.count)].filter { way in
      index.map { way.sight != ways[$0].sight } ?? true
    }.min { a, b in Self.lacking(a, evidence) < Self.lacking(b, evidence) }
    guard let index else {
      let missing = better?.needs.first { !$0.isMet(evidence) }
      return make(.unseen, "missing: \(missing?.text ?? "evidence")", change: better)
    }
    let way = ways[index]
    return make(
      way.sight, Self.words(way.needs), change: better,
      events: way.needs.flatMap(\.events))
  }

  /// The needs as a list, all events together.
  private static func words(_ needs: [ClassNeed]) -> String {
    let events = needs.flatMap(\.events)
    let others = needs.filter(\.events.isEmpty).map(\.text)
    let list = events.enumerated().filter { !events[..<$0.offset].contains($0.element) }.map(
      \.element)
    return ((list.isEmpty ? [] : ["events " + list.joined(separator: " ")]) + others)
      .joined(separator: "; ")
  }

  private static func lacking(_ way: Way, _ evidence: DoctorEvidence) -> Int {
    way.needs.count { !$0.isMet(evidence) }
  }
}
