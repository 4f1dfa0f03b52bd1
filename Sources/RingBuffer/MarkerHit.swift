public import TraceModel

/// A text that was written to `trace_marker`.
public struct MarkerHit: Hashable, Sendable {
  /// When it was written.
  public var time: Nanoseconds
  /// The CPU whose buffer holds it.
  public var cpu: Int
  /// The task that wrote it.
  public var pid: Int32
  /// The text without the line end.
  public var text: String
  /// Byte offset of the record in its CPU's store.
  public var position: UInt64
}
