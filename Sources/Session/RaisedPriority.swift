internal import CRealtime
internal import Glibc

/// The calling thread at the lowest real-time priority for as long as this lives.
///
/// Whoever has events to read or a report to write must get its share of the CPU also where many
/// tasks want it. Niceness counts only within the session's own share (sched_autogroup), and is
/// taken only where a real-time priority is refused. A real-time priority that the program was
/// started with (chrt) stays. Children and new threads get none of it.
///
/// C: sched_setscheduler(2), setpriority(2).
struct RaisedPriority: ~Copyable {
  /// Whether the thread has a real-time priority through this, and had none before.
  private(set) var isRaised = false
  private let policy: Int32
  private let nice: Int32

  init() {
    policy = sched_getscheduler(0)
    nice = getpriority(Self.process, 0)
    guard Self.realtime() == 0 else { return }
    isRaised = Self.set(SCHED_FIFO | Self.resetOnFork, priority: 1)
    if !isRaised { _ = setpriority(Self.process, 0, -20) }
  }

  /// Leaves the thread as it is now for good.
  consuming func keep() { discard self }

  deinit {
    if isRaised {
      _ = Self.set(policy, priority: 0)
    } else {
      _ = setpriority(Self.process, 0, nice)
    }
  }

  /// The calling thread's real-time priority, 0 for none.
  static func realtime() -> Int32 {
    var policy: Int32 = 0
    var priority: Int32 = 0
    guard bt_get_scheduler(&policy, &priority) == 0 else { return 0 }
    policy &= ~resetOnFork
    return policy == SCHED_FIFO || policy == SCHED_RR ? priority : 0
  }

  private static func set(_ policy: Int32, priority: Int32) -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = priority
    return sched_setscheduler(0, policy, &parameters) == 0
  }

  private static let process = __priority_which_t(PRIO_PROCESS.rawValue)
  /// SCHED_RESET_ON_FORK, which is reported with the policy.
  private static let resetOnFork: Int32 = 0x4000_0000
}
