extension TraceEvent {
  /// tmp
  public var text: String {
    if case .workEnd = payload { return "workqueue_execute_end: tmp" }
    return "\(payload)"
  }
}
