/// What came of one global value that a run had changed.
public struct RestoreOutcome: Hashable, Sendable, CustomStringConvertible {
  /// What came of it.
  public enum Result: Hashable, Sendable {
    /// Written back, and read back as this.
    case restored(String)
    /// It was as before already.
    case unchanged
    /// A later run still needs its own value there; it restores the first one when it ends.
    case handedOver(to: RunIdentity)
    /// Somebody else changed it since to this: left to them.
    case changedByOthers(String)
    /// The tracefs that was mounted is unmounted again.
    case unmounted
    /// The tracefs that was mounted stays, because it is in use.
    case leftMounted(String)
    /// It could not be written; the journal keeps it for `breaktrace disarm`.
    case failed(TracefsError)
  }

  /// The file, or the mount point.
  public var path: String
  /// What came of it.
  public var result: Result

  /// Memberwise.
  public init(path: String, result: Result) {
    self.path = path
    self.result = result
  }

  /// Whether nothing is left to do by us.
  public var isSettled: Bool {
    if case .failed = result { return false }
    return true
  }

  /// One line.
  public var description: String {
    switch result {
    case .restored(let value): "restored \(path) to \(value)"
    case .unchanged: "\(path) was already restored"
    case .handedOver(let run):
      "left \(path) to breaktrace (pid \(run.pid)), which still uses it"
    case .changedByOthers(let value): "left \(path) at \(value), which another process set"
    case .unmounted: "unmounted \(path)"
    case .leftMounted(let reason): "left tracefs mounted at \(path): \(reason)"
    case .failed(let error): "not restored: \(error)"
    }
  }
}
