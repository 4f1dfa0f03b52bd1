public import TraceModel

/// What a measuring thread saw, in the form that a report and a bundle carry.
public struct ThreadRecord: Codable, Hashable, Sendable {
  /// Number of the thread, from 0.
  public var index: Int
  /// Its thread id.
  public var tid: Int32
  /// The CPU it is pinned to, nil where it may run anywhere.
  public var cpu: Int?
  /// Its policy as read back from the kernel.
  public var policy: SchedulingPolicy
  /// Its priority as read back from the kernel.
  public var priority: Int32
  /// Its interval.
  public var interval: Nanoseconds
  /// Recorded cycles, warm-up excluded.
  public var cycles: UInt64
  /// Smallest latency.
  public var minimum: Nanoseconds
  /// Mean latency, rounded towards zero.
  public var average: Nanoseconds
  /// Largest latency.
  public var maximum: Nanoseconds
  /// Latencies beyond the histogram's last bucket.
  public var overflows: UInt64
  /// Latencies below zero.
  public var early: UInt64
  /// Cycles whose expiry had passed before the thread went to sleep for it.
  public var overruns: UInt64

  /// Takes over a thread's statistics; the histogram stays in its own file.
  public init(_ statistics: ThreadStatistics) {
    index = statistics.index
    tid = statistics.tid
    cpu = statistics.cpu
    policy = statistics.policy
    priority = statistics.priority
    interval = statistics.interval
    cycles = statistics.cycles
    minimum = statistics.minimum
    average = statistics.average
    maximum = statistics.maximum
    overflows = statistics.overflows
    early = statistics.early
    overruns = statistics.overruns
  }

  private enum CodingKeys: String, CodingKey {
    case index, tid, cpu, policy, priority, cycles, overflows, early, overruns
    case interval = "interval_ns"
    case minimum = "min_ns"
    case average = "avg_ns"
    case maximum = "max_ns"
  }
}
