internal import Analysis
internal import Report
internal import TraceModel

extension ReportFacts {
  /// What a latency tracer measured, as the rules take it.
  var sections: [LatencySection] {
    guard let section = tracerSection else { return [] }
    return [
      LatencySection(
        tracer: section.tracer, cpu: section.cpu,
        span: TimeSpan(section.start, section.start + section.length),
        startFunction: section.startFunction, endFunction: section.endFunction,
        task: section.task.map { TaskIdentity(pid: $0.pid, comm: $0.comm) })
    ]
  }
}
