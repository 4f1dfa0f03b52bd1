import CRealtime
import Glibc
import Report
import TraceModel

/// Measures the clock that latencies are measured with.
enum ClockProbe {
  /// Resolution, smallest step and cost; takes less than a millisecond.
  static func probe(source: String?, hasTraceClock: Bool?) -> ClockVerdict {
    var resolution = timespec()
    clock_getres(CLOCK_MONOTONIC, &resolution)
    var steps = [Int64](repeating: 0, count: 2_000)
    var last = bt_clock(CLOCK_MONOTONIC)
    for index in steps.indices {
      let now = bt_clock(CLOCK_MONOTONIC)
      steps[index] = now - last
      last = now
    }
    steps.sort()
    return ClockVerdict(
      source: source,
      resolution: Nanoseconds(Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec)),
      smallestStep: Nanoseconds(steps.first { $0 > 0 } ?? 0),
      readingCost: Nanoseconds(steps[steps.count / 2]), hasTraceClock: hasTraceClock)
  }
}
