public import TraceModel

/// A thread id that appeared under two names although nothing between them renamed it.
public struct IdentityWarning: Hashable, Sendable {
  /// The thread id.
  public var tid: Int32
  /// The name before.
  public var before: String
  /// The name since then.
  public var after: String
  /// When the second name was seen.
  public var time: Nanoseconds

  /// One sentence.
  public var text: String {
    "tid \(tid) was \"\(before)\" and is now \"\(after)\", without an exec, a rename or an exit in between"
  }
}
