import Session
import TraceModel

/// What keeps real-time tasks from taking a CPU for ever.
struct Throttling: Hashable, Sendable {
  /// sched_rt_runtime_us, nil where it is unlimited (-1) or not to be read.
  var runtime: Nanoseconds?
  /// sched_rt_period_us
  var period: Nanoseconds
  /// Whether the kernel has a fair server, which serves normal tasks instead.
  var hasFairServer: Bool

  /// Reads /proc/sys/kernel and debugfs.
  static func current(_ files: SystemFiles = SystemFiles()) -> Throttling {
    let runtime: Int64? = files.number("/proc/sys/kernel/sched_rt_runtime_us")
    let period: Int64? = files.number("/proc/sys/kernel/sched_rt_period_us")
    return Throttling(
      runtime: runtime.flatMap { $0 < 0 ? nil : Nanoseconds(microseconds: $0) },
      period: Nanoseconds(microseconds: max(1, period ?? 1_000_000)),
      hasFairServer: files.exists("/sys/kernel/debug/sched/fair_server"))
  }

  /// The waits that throttling can have ended: a quarter of its period and longer.
  func candidates(_ gaps: ThrottleGaps) -> ThrottleGaps {
    gaps.longer(than: Nanoseconds(period.count / 4))
  }

  /// Whether long waits come with the period of throttling, or end when it ends them: other normal
  /// tasks share what is left, which moves the waits but lengthens none beyond the runtime.
  func explains(_ gaps: ThrottleGaps) -> Bool {
    let long = candidates(gaps)
    if long.repeats(every: period) { return true }
    guard let runtime, runtime < period, long.gaps.count > 1 else { return false }
    return long.gaps.contains { abs($0.length.count - runtime.count) * 50 <= runtime.count }
  }
}
