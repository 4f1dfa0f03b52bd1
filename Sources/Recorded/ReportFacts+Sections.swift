package import Analysis
package import Report

extension ReportFacts {
  /// What a latency tracer measured, as the rules take it.
  package var sections: [LatencySection] { tracerSection.map { [$0.latencySection] } ?? [] }
}
