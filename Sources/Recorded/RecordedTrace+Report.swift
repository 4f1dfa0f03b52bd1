internal import Analysis
internal import Report
internal import TraceModel

extension RecordedTrace {
  /// Explains a window and writes what it rests on into the evidence.
  func report(
    _ derived: DerivedSample, _ source: TraceSource, _ version: String, finding: Finding? = nil,
    section: TracerSection? = nil
  ) -> SpikeReport {
    let context = facts.context?.context ?? SystemContext()
    var analysis = Analyzer(context: context).explain(
      derived.sample, in: derived.timeline, sections: facts.sections)
    if let finding {
      analysis.culprit = finding
      let rest = Self.subtract(finding.spans, from: derived.sample.window)
      analysis.contributors =
        rest.isEmpty
        ? []
        : [
          Finding(
            .unknown, name: "", confidence: .unexplained, spans: rest, evidence: [], nextStep: "")
        ]
      analysis.refuted.removeAll { $0.culprit == finding.culprit }
      if section?.tracer.hasPrefix("wakeup") != true {
        analysis.segments = Self.segments(
          analysis.segments, all: finding.culprit == .preemptOff ? .schedule : .timer,
          in: derived.sample.window)
      }
    } else if section != nil, analysis.culprit.culprit == .preemptOff {
      // The wakeup tracers' own lines and stacks take time with preemption off.
      analysis.culprit.confidence = min(analysis.culprit.confidence, .possible)
    } else if let clue = LateInterrupt(analysis, in: derived.timeline) {
      Self.replaceUnknown(in: &analysis, by: clue.finding)
    }
    if !derived.derivation.isEmpty {
      analysis.culprit.evidence.append(Evidence(source: "sample", text: derived.derivation))
    }
    if source.isText { Self.addLines(&analysis) }
    var facts = facts
    if let section { facts.tracerSection = section }
    if !source.name.isEmpty {
      analysis.culprit.evidence.append(Evidence(source: "buffer", text: "instance \(source.name)"))
    }
    return SpikeReport(analysis, facts: facts, toolVersion: version)
  }

  /// A tracer's section is one segment: what it measured is what would have been waited for.
  private static func segments(
    _ segments: [Segment], all name: Segment.Name, in window: TimeSpan
  ) -> [Segment] {
    var isBehind = false
    return segments.map { segment in
      if segment.name == name {
        isBehind = true
        return Segment(name: name, span: window, typical: segment.typical)
      }
      let place = isBehind ? window.end : window.start
      return Segment(name: segment.name, span: TimeSpan(place, place), typical: segment.typical)
    }
  }

  private static func subtract(_ spans: [TimeSpan], from window: TimeSpan) -> [TimeSpan] {
    var rest = [window]
    for span in spans {
      rest = rest.flatMap { piece -> [TimeSpan] in
        guard let part = piece.clipped(to: span) else { return [piece] }
        return [TimeSpan(piece.start, part.start), TimeSpan(part.end, piece.end)]
          .filter { $0.length > .zero }
      }
    }
    return rest
  }

  /// Gives a finding its part of what no rule explains.
  private static func replaceUnknown(in analysis: inout SpikeAnalysis, by finding: Finding) {
    let open = analysis.culprit.spans
    var finding = finding
    finding.spans = open.flatMap { piece in finding.spans.compactMap { piece.clipped(to: $0) } }
    guard finding.claimed > .zero else { return }
    let rest = open.flatMap { Self.subtract(finding.spans, from: $0) }
    let unknown = Finding(
      .unknown, name: "", confidence: .unexplained, spans: rest, evidence: [],
      nextStep: analysis.culprit.nextStep)
    if !analysis.trace.isComplete { finding.confidence = min(finding.confidence, .possible) }
    analysis.culprit = finding
    analysis.refuted.removeAll { $0.culprit == finding.culprit }
    if unknown.claimed > .zero { analysis.contributors.append(unknown) }
  }

  /// Evidence from a text names its line.
  private static func addLines(_ analysis: inout SpikeAnalysis) {
    func add(_ finding: inout Finding) {
      for index in finding.evidence.indices {
        guard let line = finding.evidence[index].position, line > 0 else { continue }
        finding.evidence[index].text += " [line \(line)]"
      }
    }
    add(&analysis.culprit)
    for index in analysis.contributors.indices { add(&analysis.contributors[index]) }
  }
}
