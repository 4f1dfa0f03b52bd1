public import TraceModel

/// Keeps the latest readings of the CPUs' steal times and of the threads' cgroups, so that a
/// spike's own growth is known.
///
/// Call `note` once a second or so from the control thread, off the measured CPUs.
public struct StealWatch: Sendable {
  private struct Reading: Sendable {
    var time: Nanoseconds
    var steal: [Int: Nanoseconds]
    var bandwidth: [Int32: GroupBandwidth]
  }

  private var readings: [Reading] = []

  /// Makes a watch without a reading.
  public init() {}

  /// Takes a reading made at `time` (CLOCK_MONOTONIC).
  public mutating func note(
    _ steal: [Int: Nanoseconds], bandwidth: [Int32: GroupBandwidth] = [:], at time: Nanoseconds
  ) {
    readings.append(Reading(time: time, steal: steal, bandwidth: bandwidth))
    if readings.count > 4 { readings.removeFirst() }
  }

  /// Growth of the throttled time of a thread's cgroup from the last reading before `start` to
  /// `now`; nil where none was made before it.
  public func throttled(
    _ now: GroupBandwidth?, tid: Int32, since start: Nanoseconds
  ) -> Nanoseconds? {
    guard let now,
      let before = readings.last(where: { $0.time <= start && $0.bandwidth[tid] != nil }),
      let earlier = before.bandwidth[tid]
    else { return nil }
    return now.growth(since: earlier)?.time
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
