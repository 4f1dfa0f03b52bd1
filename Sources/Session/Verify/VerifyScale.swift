internal import TraceModel

/// How long the faults of a verification take and from what latency on a wakeup is looked at, on
/// this machine: above what its wakeups take anyway.
struct VerifyScale: Hashable, Sendable {
  /// The latency above which a spike is looked at.
  private(set) var threshold = Self.least

  /// On a machine whose ordinary wakeups are far below it.
  static let least = Nanoseconds(microseconds: 3_500)
  /// A machine whose wakeups are later than that without any fault has to be looked at first.
  static let most = Nanoseconds(microseconds: 60_000)

  /// How long a fault keeps the CPU at a time: 6 ms at the least threshold.
  var busy: Nanoseconds { Nanoseconds(threshold.count / 7 * 12) }
  /// How often it does; the CPU is free most of the time.
  var period: Nanoseconds { max(Nanoseconds(microseconds: 300_000), Nanoseconds(busy.count * 20)) }

  /// Takes note of the worst of undisturbed wakeups.
  mutating func note(undisturbed latency: Nanoseconds) {
    let above = Nanoseconds(min(latency.count, Self.most.count) / 2 * 3)
    threshold = min(max(threshold, above), Self.most)
  }

  /// Takes note of a spike that no fault made: one may be rare, so that the threshold doubles at
  /// most.
  mutating func note(other latency: Nanoseconds) {
    note(undisturbed: min(latency, Nanoseconds(threshold.count / 3 * 4)))
  }
}
