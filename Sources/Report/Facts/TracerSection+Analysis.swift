public import Analysis
public import TraceModel

extension TracerSection {
  /// The section as the analysis takes it; its lines and threshold are left out.
  ///
  /// `task` is the one that the tracer's header names, for the wakeup family the woken one.
  public func section(task: TaskIdentity? = nil) -> LatencySection {
    LatencySection(
      tracer: tracer, cpu: cpu, span: TimeSpan(start, start + length), startFunction: startFunction,
      endFunction: endFunction, task: task)
  }
}
