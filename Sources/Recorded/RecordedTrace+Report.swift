internal import Analysis
internal import Report
internal import TraceModel

extension RecordedTrace {
  /// Whether the text was made of rtla's analysis: its lines are not those of the file.
  private var isConverted: Bool { repairs.contains { $0.hasPrefix("rtla's analysis") } }

  /// Hands a window to the judge and puts its verdict beside what the file says of the machine.
  func report(_ derived: DerivedSample, _ source: TraceSource, _ version: String) -> SpikeReport {
    let context = facts.context?.context ?? SystemContext()
    var facts = facts
    if let section = derived.section { facts.tracerSection = section }
    let analysis = Analyzer(context: context).explain(
      derived.sample, in: derived.timeline,
      sections: derived.measured.map { [$0] } ?? facts.sections, subject: derived.subject,
      origin: SampleOrigin(
        derivation: ([derived.derivation] + repairs).filter { !$0.isEmpty }
          .joined(separator: "; "), instance: source.name, hasLines: source.isText && !isConverted,
        made: isConverted ? [] : derived.made))
    return SpikeReport(analysis, facts: facts, toolVersion: version)
  }
}
