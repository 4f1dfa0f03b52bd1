public import TraceModel

/// One wakeup that a search found in a trace.
public struct LateWakeup: Hashable, Sendable {
  /// The woken task.
  public var task: TaskIdentity
  /// Its priority when it got the CPU.
  public var priority: KernelPriority
  /// The CPU that it got.
  public var cpu: Int
  /// When it should have run: its timer's expiry, else sched_waking.
  public var start: Nanoseconds
  /// sched_waking.
  public var waking: Nanoseconds
  /// sched_switch to the task.
  public var switched: Nanoseconds
  /// Whether `start` is a timer's expiry.
  public var isTimer: Bool

  /// From `start` to the switch.
  public var latency: Nanoseconds { switched - start }
}

/// What a search over all wakeups gave.
public struct WakeupSearch: Hashable, Sendable {
  /// The worst ones, latest `start` last among equals, at most as many as were asked for.
  public var worst: [LateWakeup] = []
  /// Wakeups that were looked at.
  public var wakeups = 0
  /// Those above the threshold; all where there was none.
  public var above = 0
  /// Records or events that were walked.
  public var records = 0

  /// Takes one wakeup into account; `name` is asked for only where it is kept and has none.
  mutating func add(
    _ wakeup: LateWakeup, threshold: Nanoseconds, limit: Int, name: () -> String = { "" }
  ) {
    wakeups += 1
    guard wakeup.latency > threshold else { return }
    above += 1
    if worst.count >= max(limit, 1), let last = worst.last, last.latency >= wakeup.latency {
      return
    }
    let index = worst.firstIndex { $0.latency < wakeup.latency } ?? worst.count
    var wakeup = wakeup
    if wakeup.task.comm.isEmpty { wakeup.task.comm = name() }
    worst.insert(wakeup, at: index)
    if worst.count > max(limit, 1) { worst.removeLast() }
  }

  /// Joins the result of another buffer.
  mutating func merge(_ other: WakeupSearch, limit: Int) {
    wakeups += other.wakeups
    above += other.above
    records += other.records
    worst = Array((worst + other.worst).sorted { $0.latency > $1.latency }.prefix(max(limit, 1)))
  }
}
