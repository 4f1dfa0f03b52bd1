internal import TraceModel

/// Pairs wakeups with the switches that end them, event by event in order of time.
struct WakeupTracker {
  /// What is known of a task between its sleep and its next run.
  private struct Pending {
    var waking: Int64?
    var timer: UInt64 = 0
    /// The timer's expiry on the timers' clock, nil where no timer runs for the task.
    var expires: Int64?
    /// The expiry on the trace clock, once the timer has fired.
    var expiry: Int64?
  }

  /// Whether stamps and timers share a clock, so that an expiry is exact.
  var isTimerClock: Bool
  private var pending: [Int32: Pending] = [:]
  private var owners: [UInt64: Int32] = [:]

  init(isTimerClock: Bool) { self.isTimerClock = isTimerClock }

  /// hrtimer_start by a task.
  mutating func armed(_ pid: Int32, timer: UInt64, expires: Int64) {
    pending[pid, default: Pending()].timer = timer
    pending[pid]?.expires = expires
    pending[pid]?.expiry = nil
    owners[timer] = pid
  }

  /// hrtimer_expire_entry.
  mutating func fired(timer: UInt64, now: Int64, time: Int64) {
    guard let pid = owners[timer], let expires = pending[pid]?.expires,
      pending[pid]?.timer == timer
    else { return }
    pending[pid]?.expiry =
      isTimerClock
      ? expires : (Nanoseconds(time) - max(.zero, Nanoseconds(now) - Nanoseconds(expires))).count
  }

  /// sched_waking; the last one before the switch counts, because one of a task that was still
  /// on its CPU leads to nothing.
  mutating func waking(_ pid: Int32, time: Int64) {
    pending[pid, default: Pending()].waking = time
  }

  /// Whether a wakeup of the task is under way.
  func isWoken(_ pid: Int32) -> Bool { pending[pid]?.waking != nil }

  /// sched_switch away from a task.
  mutating func left(_ pid: Int32, isRunnable: Bool) {
    // A blocked task's wakeup may have been written just before the switch.
    if isRunnable, pending[pid] != nil { pending[pid]?.waking = nil }
  }

  /// sched_switch to a task: gives waking and start where this ends a wakeup.
  mutating func entered(_ pid: Int32, time: Int64) -> (waking: Int64, start: Int64, isTimer: Bool)?
  {
    guard let found = pending[pid], let waking = found.waking, waking <= time else { return nil }
    pending[pid] = nil
    if owners[found.timer] == pid { owners[found.timer] = nil }
    var expiry = found.expiry
    if expiry == nil, isTimerClock, let expires = found.expires, expires <= waking,
      waking - max(expires, 0) < 1_000_000_000
    {
      expiry = expires
    }
    guard let expiry, expiry <= waking else { return (waking, waking, false) }
    return (waking, expiry, true)
  }
}
