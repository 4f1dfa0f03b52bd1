internal import CRealtime
internal import Glibc
internal import Measurement
internal import Report
internal import Synchronization
internal import TraceModel

/// A thread with a higher claim to the CPU than whatever may starve a run: it sees to it that the
/// run ends in time and answers signals, and says who ran.
///
/// It sleeps until the run should be over or a signal comes, so that it disturbs no measurement. If
/// the control thread does not answer then, or the measuring threads do not end, it asks them to
/// stop and raises all threads of the process to its own priority until the run is over. Without
/// the right to a real-time priority it can only try.
final class Watchdog: Sendable {
  private static let priority: Int32 = 99
  /// How long the control thread may take to answer a signal, ns.
  private static let patience: Int64 = 2_000_000_000
  /// How often threads are raised again: their own set-up lowers them.
  private static let period: Int64 = 50_000_000

  private let engine: Engine
  private let helper: Int32
  private let poke: Int32
  private let signals: Int32
  private let handle = Mutex<pthread_t?>(nil)
  /// When the run should be over, CLOCK_MONOTONIC in ns; `.max` for never.
  private let deadline = Atomic<Int64>(.max)
  private let isOver = Atomic<Bool>(false)
  /// Signals that were taken and not yet asked for, one bit each.
  private let taken = Atomic<UInt64>(0)
  private let fired = Atomic<Bool>(false)
  private let found = Mutex<[String]>([])

  /// Starts it. The signals must be blocked in all threads.
  ///
  /// - Parameters:
  ///   - engine: Whose threads are to end.
  ///   - helper: A process that the end of the run waits for, 0 for none.
  init(_ engine: Engine, helper: Int32) {
    self.engine = engine
    self.helper = helper
    poke = bt_eventfd()
    signals = bt_signals_open()
    let own = Unmanaged.passRetained(self)
    var started = pthread_t()
    let status = bt_thread_start(
      &started, 256 * 1_024, -1,
      { argument in
        if let argument { Unmanaged<Watchdog>.fromOpaque(argument).takeRetainedValue().watch() }
        return nil
      }, own.toOpaque())
    if status == 0 {
      handle.withLock { $0 = started }
    } else {
      own.release()
    }
  }

  /// The run should be over, or come to its next step, within this time; nil for no limit.
  func expect(within time: Nanoseconds?) {
    let now = bt_clock(CLOCK_MONOTONIC)
    let (sum, overflow) = now.addingReportingOverflow(time?.count ?? .max)
    deadline.store(overflow ? .max : sum, ordering: .relaxed)
    bt_eventfd_signal(poke)
  }

  /// A signal that it took, nil where there is none.
  func takeSignal() -> Int32? {
    let bits = taken.exchange(0, ordering: .relaxed)
    return [SIGTERM, SIGINT, SIGHUP].first { bits & (1 << UInt64($0)) != 0 }
  }

  /// Whether it had to step in.
  var hasFired: Bool { fired.load(ordering: .acquiring) }

  /// Who had the CPUs when it stepped in, one clause each, as `python3-4711 (fifo 85) had CPU 1`.
  var starvers: [String] { found.withLock { $0 } }

  /// Ends it; called once by the control thread. `raisesAgain` sends a signal that nobody has
  /// answered to the process once more.
  func end(raisesAgain: Bool) {
    isOver.store(true, ordering: .releasing)
    bt_eventfd_signal(poke)
    let running = handle.withLock { handle in
      defer { handle = nil }
      return handle
    }
    if let running { pthread_join(running, nil) }
    // What came when the run was over already is for whoever started it, who has it blocked.
    if raisesAgain, let signal = takeSignal() { kill(getpid(), signal) }
    if poke >= 0 { close(poke) }
    if signals >= 0 { close(signals) }
  }

  // MARK: in its thread

  private func watch() {
    _ = bt_set_name("breaktrace-wd")
    _ = Self.raise(0)
    // Answered within this time, nil while no signal waits for an answer.
    var answer: Int64?
    while !isOver.load(ordering: .acquiring) {
      let now = bt_clock(CLOCK_MONOTONIC)
      if answer != nil, taken.load(ordering: .relaxed) == 0 { answer = nil }
      let end = min(deadline.load(ordering: .relaxed), answer ?? .max)
      if now >= end {
        stepIn()
        break
      }
      let left = end == .max ? -1 : Int32(clamping: (end - now) / 1_000_000 + 1)
      var waiting = [
        pollfd(fd: poke, events: Int16(POLLIN), revents: 0),
        pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&waiting, 2, left)
      if waiting[0].revents != 0 { bt_eventfd_clear(poke) }
      while signals >= 0, case let signal = bt_signals_take(signals), signal > 0 {
        taken.bitwiseOr(1 << UInt64(signal & 63), ordering: .relaxed)
        answer = bt_clock(CLOCK_MONOTONIC) + Self.patience
      }
    }
  }

  private func stepIn() {
    let list = rivals()
    found.withLock { $0 = list }
    fired.store(true, ordering: .releasing)
    engine.stop()
    while !isOver.load(ordering: .acquiring) {
      for tid in threads() { _ = Self.raise(tid) }
      if helper > 0 { _ = Self.raise(helper) }
      var waiting = pollfd(fd: poke, events: Int16(POLLIN), revents: 0)
      _ = poll(&waiting, 1, Int32(Self.period / 1_000_000))
      // What is left readable would make this a loop at the highest priority.
      if waiting.revents != 0 { bt_eventfd_clear(poke) }
    }
  }

  /// The most urgent task of others on each measured CPU that runs, or wants to, at or above the
  /// measuring threads' priority.
  private func rivals() -> [String] {
    let measured = engine.plan.threads
    let least = measured.map(\.priority).min() ?? 0
    let cpus = measured.reduce(into: Set<Int>()) { $0.formUnion($1.affinity?.cpus ?? []) }
    let own = Set(threads() + [bt_gettid()])
    var seen: Set<Int> = []
    return RTThreadCollector().collect().filter { row in
      row.state == "R" && !own.contains(row.tid)
        && (row.policy == .deadline || row.priority >= max(least, 1))
        && (cpus.isEmpty || cpus.contains(row.cpu ?? -1)) && seen.insert(row.cpu ?? -1).inserted
    }.map { row in
      "\(row.comm)-\(row.tid) (\(row.policy.rawValue)"
        + (row.policy == .deadline ? "" : " \(row.priority)") + ") ran on CPU \(row.cpu ?? -1)"
    }
  }

  private func threads() -> [Int32] {
    let own = bt_gettid()
    return SystemFiles().names("/proc/self/task").compactMap { Int32($0) }.filter { $0 != own }
  }

  private static func raise(_ tid: Int32) -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = priority
    // Children, as a pager's or a load's, get none of it.
    return sched_setscheduler(tid, SCHED_FIFO | 0x4000_0000, &parameters) == 0
  }
}
