internal import Analysis
internal import Report
internal import TraceFile
internal import TraceModel

extension RecordedTrace {
  /// Finds all that is late, and explains the one that a person would ask about first, or the one
  /// asked for.
  func lateness(
    _ request: AnalyzeRequest, _ sources: [TraceSource], _ version: String,
    _ verdicts: inout TraceVerdicts
  ) {
    let filter = LatenessTops.Filter(
      task: request.task, cpu: request.cpu, from: request.from, to: request.to)
    var ranked: [(candidate: LatenessCandidate, source: TraceSource)] = []
    var events = 0
    for source in sources {
      guard let found = LatenessSearch.run(source, filter: filter) else {
        if case .text(let text) = source.body, text.header.hasRawStamps {
          verdicts.order += OrderOfEvents.sentences(text.timeline)
        }
        continue
      }
      ranked += found.tops.ranked.map { ($0, source) }
      events += found.events
    }
    ranked.sort { $0.candidate.severity > $1.candidate.severity }
    var list = LatenessList(ranked.map(\.candidate), events: events)
    if let number = request.number, !list.candidates.indices.contains(number - 1) {
      verdicts.remarks.append(
        list.candidates.isEmpty
          ? "nothing in it is late"
          : "no delay has number \(number), the list has \(list.candidates.count)")
      return
    }
    let order = request.number.map { $0 - 1..<$0 } ?? list.candidates.indices
    for index in order {
      let candidate = list.candidates[index]
      guard let source = ranked.first(where: { $0.candidate == candidate })?.source,
        let derived = DerivedSample(candidate, in: source)
      else { continue }
      let report = report(derived, source, version)
      // A stretch between two functions is a question only where a rule knows its answer.
      if candidate.kind == .stretch, report.analysis.culprit.culprit == .unknown,
        request.number == nil
      {
        continue
      }
      verdicts.reports.append(report)
      list.explained = index
      if !request.all { break }
      if verdicts.reports.count >= max(request.limit, 1) { break }
    }
    if events > 0 { verdicts.late = list }
  }
}
