/// One late wakeup that is to be explained.
public struct WakeupSample: Hashable, Sendable {
  /// Where the numbers come from.
  public enum Source: String, Hashable, Sendable {
    /// The measuring thread's own clock readings.
    case sample
    /// A latency tracer's section.
    case tracer
    /// A wakeup of a task found in the trace.
    case task
    /// A point of time that the user named.
    case time
  }

  /// CPU on which the thread ran when it read the clock.
  public var cpu: Int
  /// The thread.
  public var task: TaskIdentity
  /// Its scheduling policy, nil where the source does not report it.
  public var policy: SchedulingPolicy?
  /// The user's priority (1...99 for real-time policies, 0 otherwise).
  public var priority: Int32
  /// Number of the cycle since the thread's start, from 0; warm-up cycles count.
  public var sequence: UInt64
  /// When the thread should have been woken (E).
  public var expiry: Nanoseconds
  /// When the thread read its clock after waking.
  public var wake: Nanoseconds
  /// The threshold in force, nil where there was none.
  public var threshold: Nanoseconds?
  /// Where the numbers come from.
  public var source: Source

  /// Memberwise.
  public init(
    cpu: Int, task: TaskIdentity, policy: SchedulingPolicy?, priority: Int32, sequence: UInt64,
    expiry: Nanoseconds, wake: Nanoseconds, threshold: Nanoseconds?, source: Source
  ) {
    self.cpu = cpu
    self.task = task
    self.policy = policy
    self.priority = priority
    self.sequence = sequence
    self.expiry = expiry
    self.wake = wake
    self.threshold = threshold
    self.source = source
  }

  /// `wake - expiry`; negative for an early wakeup.
  public var latency: Nanoseconds { wake - expiry }

  /// `[expiry, wake)`: every nanosecond that is to be attributed.
  public var window: TimeSpan { TimeSpan(expiry, wake) }
}
