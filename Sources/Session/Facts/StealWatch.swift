public import TraceModel

/// Keeps the latest readings of the CPUs' steal times, so that a spike's own growth can be told.
///
/// Call `note` once a second or so from the control thread, off the measured CPUs.
public struct StealWatch: Sendable {
  private var readings: [(time: Nanoseconds, steal: [Int: Nanoseconds])] = []

  /// Makes a watch without a reading.
  public init() {}

  /// Takes a reading made at `time` (CLOCK_MONOTONIC).
  public mutating func note(_ steal: [Int: Nanoseconds], at time: Nanoseconds) {
    readings.append((time, steal))
    if readings.count > 4 { readings.removeFirst() }
  }

  /// Growth of each CPU's steal time from the last reading before `start` to `now`, never negative;
  /// empty where no reading was made before it.
  public func growth(to now: [Int: Nanoseconds], since start: Nanoseconds) -> [Int: Nanoseconds] {
    guard let before = readings.last(where: { $0.time <= start }) else { return [:] }
    var growth: [Int: Nanoseconds] = [:]
    for (cpu, value) in now {
      guard let old = before.steal[cpu] else { continue }
      growth[cpu] = max(.zero, value - old)
    }
    return growth
  }
}
