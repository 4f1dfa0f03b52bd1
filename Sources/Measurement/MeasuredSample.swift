public import TraceModel

/// One recorded cycle of a thread.
public struct MeasuredSample: Hashable, Sendable {
  /// Number of the cycle since the thread's start, warm-up included.
  public var sequence: UInt64
  /// Wake minus expiry; negative for an early wakeup.
  public var latency: Nanoseconds
  /// When the thread read its clock, on the plan's clock.
  public var wake: Nanoseconds

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(sequence: UInt64, latency: Nanoseconds, wake: Nanoseconds = .zero) {
    self.sequence = sequence
    self.latency = latency
    self.wake = wake
  }
}
