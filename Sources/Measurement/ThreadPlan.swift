public import TraceModel

/// What one measuring thread is to be.
public struct ThreadPlan: Hashable, Sendable {
  /// Number of the thread, from 0.
  public var index: Int
  /// The CPUs it may run on, nil to leave what it inherits.
  public var affinity: CPUSet?
  /// Its scheduling policy; `deadline` is refused.
  public var policy: SchedulingPolicy
  /// 1...99 for `fifo` and `rr`, 0 for the others.
  public var priority: Int32
  /// Time between two expiries, above 0.
  public var interval: Nanoseconds
  /// The NUMA node that the thread's statistics and samples are put on, nil for the creator's.
  public var memoryNode: Int?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    index: Int, affinity: CPUSet? = nil, policy: SchedulingPolicy = .other, priority: Int32 = 0,
    interval: Nanoseconds = Nanoseconds(microseconds: 1_000), memoryNode: Int? = nil
  ) {
    self.index = index
    self.affinity = affinity
    self.policy = policy
    self.priority = priority
    self.interval = interval
    self.memoryNode = memoryNode
  }

  /// The thread's name in the kernel (`comm`), at most 15 bytes.
  public var comm: String { String("breaktrace/\(index)".prefix(15)) }
}
