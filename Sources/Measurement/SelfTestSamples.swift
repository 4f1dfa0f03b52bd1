public import TraceModel

/// Latencies of a thread with and without what was switched on between `Engine.prepare()` and
/// `Engine.begin()`.
public struct SelfTestSamples: Hashable, Sendable {
  /// Those at the end of `prepare()`, in order.
  public var before: [Nanoseconds] = []
  /// Those after `begin()`, in order.
  public var after: [Nanoseconds] = []

  /// Empty.
  public init() {}
}
