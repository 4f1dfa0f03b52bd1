public import TraceModel

/// The wakeup that took the break.
public struct BreakHit: Hashable, Sendable {
  /// Number of the thread, from 0.
  public var thread: Int
  /// CPU on which it ran right after the wakeup.
  public var cpu: Int
  /// Its thread id.
  public var tid: Int32
  /// Its name.
  public var comm: String
  /// Number of the cycle since the thread's start, warm-up included.
  public var sequence: UInt64
  /// When it should have been woken.
  public var expiry: Nanoseconds
  /// When it read its clock.
  public var wake: Nanoseconds
  /// Its policy, as read back.
  public var policy: SchedulingPolicy
  /// Its priority, as read back.
  public var priority: Int32
  /// The threshold in force.
  public var threshold: Nanoseconds
  /// Its faults and switches from the first recorded cycle to the hit.
  public var usage: ThreadUsage

  /// `wake - expiry`, above the threshold.
  public var latency: Nanoseconds { wake - expiry }

  /// The line that was written to `trace_marker`.
  public var marker: BreakMarker {
    BreakMarker(
      cpu: cpu, tid: tid, sequence: sequence, expiry: expiry, wake: wake, policy: policy.number,
      priority: priority, thresholdMicroseconds: threshold.microseconds)
  }

  /// The wakeup that is to be explained.
  public var sample: WakeupSample {
    WakeupSample(
      cpu: cpu, task: TaskIdentity(pid: tid, comm: comm), policy: policy, priority: priority,
      sequence: sequence, expiry: expiry, wake: wake, threshold: threshold, source: .sample)
  }
}
