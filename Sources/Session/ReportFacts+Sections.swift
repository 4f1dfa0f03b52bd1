internal import Analysis
internal import Report

extension ReportFacts {
  /// What a latency tracer measured, as the rules take it.
  var sections: [LatencySection] { tracerSection.map { [$0.latencySection] } ?? [] }
}
