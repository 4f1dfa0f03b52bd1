extension TraceEvent {
  /// tmp
  public var text: String { "\(payload)" }
}
