/// What somebody else may have done to a tracer of ours, as far as its files tell.
public enum TracerDisturbance: Hashable, Sendable, CustomStringConvertible {
  /// `current_tracer` is another one.
  case replaced(by: String)
  /// `tracing_thresh`, which is global, is another one.
  case threshold(wanted: String, got: String)

  /// One clause.
  public var description: String {
    switch self {
    case .replaced(let tracer): "somebody set current_tracer of its instance to \(tracer)"
    case .threshold(let wanted, let got):
      "somebody set tracing_thresh, which is global, from \(wanted) to \(got) us"
    }
  }
}

extension ArmedInstance {
  /// Looks whether the tracer and its threshold are still what they were set to; nil where they are.
  public func tracerDisturbance() throws(TracefsError) -> TracerDisturbance? {
    guard let tracer = plan.tracer else { return nil }
    let now = try files.value(file("current_tracer"))
    guard now == tracer else { return .replaced(by: now) }
    guard let threshold = items.first(where: { $0.kind == .threshold })?.got else { return nil }
    let got = try files.value(root.file("tracing_thresh"))
    return got == threshold ? nil : .threshold(wanted: threshold, got: got)
  }

  /// Lets the latency tracer record whatever comes, however short, and leaves it switched off.
  ///
  /// Empties its buffer. `tracing_thresh` is 0 meanwhile, through the journal, and as before when this returns.
  ///
  /// - Parameter body: What is done meanwhile.
  /// - Returns: the text of `trace`.
  public func recordAll(_ body: () -> Void) throws(TracefsError) -> String {
    let change = try journal.change(root.file("tracing_thresh"), to: "0")
    let text: String
    do throws(TracefsError) {
      try restart()
      body()
      try stop()
      text = try traceText()
    } catch {
      try? stop()
      _ = journal.undo([change])
      throw error
    }
    if let failed = journal.undo([change]).first(where: { !$0.isSettled }) {
      throw TracefsError(.write, path: failed.path, hint: failed.description)
    }
    return text
  }
}
