/// What somebody else may have done to a tracer of ours, as far as its files report.
public enum TracerDisturbance: Hashable, Sendable, CustomStringConvertible {
  /// `current_tracer` is another one.
  case replaced(by: String)
  /// `tracing_thresh`, which is global, is another one.
  case threshold(wanted: String, got: String)

  /// One clause.
  public var description: String {
    switch self {
    case .replaced(let tracer): "another process set current_tracer of its instance to \(tracer)"
    case .threshold(let wanted, let got):
      "another process changed the global tracing_thresh from \(wanted) to \(got) us"
    }
  }
}

extension ArmedInstance {
  /// Looks whether the tracer and its threshold are still what they were set to; nil where they
  /// are.
  public func tracerDisturbance() throws(TracefsError) -> TracerDisturbance? {
    guard let tracer = plan.tracer else { return nil }
    let now = try files.value(file("current_tracer"))
    guard now == tracer else { return .replaced(by: now) }
    guard let threshold = items.first(where: { $0.kind == .threshold })?.got else { return nil }
    let got = try files.value(root.file("tracing_thresh"))
    return got == threshold ? nil : .threshold(wanted: threshold, got: got)
  }

  /// Lets the latency tracer write where every section begins and ends, however short, and leaves
  /// it switched off.
  ///
  /// What it wrote is then in the instance's own buffer (`trace_pipe_raw`); `trace` would show the
  /// longest section only, and that empty here: `tracing_thresh` is a second meanwhile, through the
  /// journal, so that no section is kept in place of the others. It is as before when this returns.
  ///
  /// - Parameter body: What is done meanwhile.
  public func recordSectionEnds(_ body: () -> Void) throws(TracefsError) {
    let change = try journal.change(root.file("tracing_thresh"), to: "1000000")
    do throws(TracefsError) {
      try stop()
      // Emptying `trace` empties the longest section only.
      try dropPages()
      try restart()
      body()
      try stop()
    } catch {
      try? stop()
      _ = journal.undo([change])
      throw error
    }
    if let failed = journal.undo([change]).first(where: { !$0.isSettled }) {
      throw TracefsError(.write, path: failed.path, hint: failed.description)
    }
  }

  /// Empties the instance's own buffers by reading them.
  private func dropPages() throws(TracefsError) {
    for cpu in try cpus() {
      var pages: [UInt8] = []
      try appendPages(cpu: cpu, to: &pages)
    }
  }
}
