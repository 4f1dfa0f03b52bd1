public import TraceModel

/// The account of a spike: every nanosecond of the window belongs to exactly one entry.
public struct Ledger: Hashable, Sendable {
  /// One entry.
  public struct Entry: Hashable, Sendable {
    /// What the rule claims; its spans are those that it was given.
    public var finding: Finding
    /// The time it was given.
    public var time: Nanoseconds { finding.claimed }
  }

  /// The entries with time, most first; the unexplained rest is not among them.
  public var entries: [Entry]
  /// What no rule explains.
  public var unexplained: [TimeSpan]

  /// Distributes `window` among the findings, best founded first.
  public init(_ findings: [Finding], window: TimeSpan) {
    let found = Set(findings.map(\.culprit))
    let covered = found.reduce(into: Set<CulpritClass>()) { covered, culprit in
      covered.formUnion(RuleSet.contains[culprit] ?? [])
    }
    let order = findings.enumerated().sorted { a, b in
      let (x, y) = (covered.contains(a.element.culprit), covered.contains(b.element.culprit))
      if x != y { return y }
      if a.element.confidence != b.element.confidence {
        return a.element.confidence > b.element.confidence
      }
      return a.offset < b.offset
    }
    var free = Spans.merged([window])
    entries = []
    for (_, finding) in order {
      let wanted = Spans.merged(finding.spans)
      let given = Spans.intersection(free, wanted)
      guard !given.isEmpty else { continue }
      free = Spans.subtracting(wanted, from: free)
      var kept = finding
      kept.spans = given
      entries.append(Entry(finding: kept))
    }
    unexplained = free
    let ranked = entries.enumerated().sorted { a, b in
      a.element.time != b.element.time
        ? a.element.time > b.element.time : a.offset < b.offset
    }
    entries = ranked.map(\.element)
  }

  /// The sum of what no rule explains.
  public var unexplainedTime: Nanoseconds { unexplained.reduce(.zero) { $0 + $1.length } }
}
