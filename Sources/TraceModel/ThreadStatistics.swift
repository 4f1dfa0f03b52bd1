/// What one measuring thread has seen so far.
public struct ThreadStatistics: Hashable, Sendable {
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
  /// Smallest latency; zero while `cycles` is 0.
  public var minimum: Nanoseconds
  /// The latest latency.
  public var latest: Nanoseconds
  /// Largest latency; zero while `cycles` is 0.
  public var maximum: Nanoseconds
  /// Sum of all latencies.
  public var sum: Nanoseconds
  /// Counts by whole us, bucket N counts latencies in `[N, N+1)` us; empty where no histogram was
  /// asked for.
  public var histogram: [UInt64]
  /// Latencies beyond the histogram's last bucket.
  public var overflows: UInt64
  /// Latencies below zero (counted in bucket 0 too).
  public var early: UInt64
  /// Cycles whose expiry had passed before the thread went to sleep for it.
  public var overruns: UInt64

  /// Makes the statistics of a thread.
  public init(
    index: Int, tid: Int32, cpu: Int?, policy: SchedulingPolicy, priority: Int32,
    interval: Nanoseconds, cycles: UInt64 = 0, minimum: Nanoseconds = .zero,
    latest: Nanoseconds = .zero, maximum: Nanoseconds = .zero, sum: Nanoseconds = .zero,
    histogram: [UInt64] = [], overflows: UInt64 = 0, early: UInt64 = 0, overruns: UInt64 = 0
  ) {
    self.index = index
    self.tid = tid
    self.cpu = cpu
    self.policy = policy
    self.priority = priority
    self.interval = interval
    self.cycles = cycles
    self.minimum = minimum
    self.latest = latest
    self.maximum = maximum
    self.sum = sum
    self.histogram = histogram
    self.overflows = overflows
    self.early = early
    self.overruns = overruns
  }

  /// The mean latency, rounded towards zero; zero while `cycles` is 0.
  public var average: Nanoseconds {
    cycles == 0 ? .zero : Nanoseconds(sum.count / Int64(clamping: cycles))
  }
}
