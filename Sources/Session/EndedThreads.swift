import TraceModel

/// Threads of this run that have ended: they may have run in the window of a spike that was met
/// before they did.
///
/// A thread id is given to another task as soon as the kernel's ids have gone round, which a busy
/// machine does in minutes: an id counts only for spikes that began before its thread's end.
struct EndedThreads: Sendable {
  private var threads: [(tid: Int32, end: Nanoseconds)] = []
  /// The longest window in which an ended thread is looked for.
  private static let memory = Nanoseconds(microseconds: 60_000_000)

  /// Notes that a thread has ended at `end` (CLOCK_MONOTONIC) at the latest.
  mutating func note(_ tid: Int32, at end: Nanoseconds) {
    threads.removeAll { $0.end < end - Self.memory }
    threads.append((tid, end))
  }

  /// The ids of those that ended at `time` or later.
  func since(_ time: Nanoseconds) -> [Int32] {
    threads.filter { $0.end >= time }.map(\.tid)
  }
}
