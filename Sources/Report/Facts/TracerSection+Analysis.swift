public import Analysis
internal import TraceModel

extension TracerSection {
  /// The section as the analysis takes it; its lines and threshold are left out.
  public var latencySection: LatencySection {
    LatencySection(
      tracer: tracer, cpu: cpu, span: TimeSpan(start, start + length), startFunction: startFunction,
      endFunction: endFunction, task: task.map { TaskIdentity(pid: $0.pid, comm: $0.comm) },
      endStack: endStack)
  }

  /// The functions of the stack after the last line, innermost first.
  private var endStack: [String] {
    guard let head = lines.lastIndex(where: { $0.hasSuffix("<stack trace>") }) else { return [] }
    return lines[(head + 1)...].prefix { $0.hasPrefix(" => ") }.map { String($0.dropFirst(4)) }
  }
}
