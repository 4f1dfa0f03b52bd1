internal import CRealtime
internal import Glibc
internal import Measurement
internal import Report
internal import TraceModel

/// What tracing costs here: the self-test of a run.
enum ObserverCost {
  /// Cycles of the self-test, before arming and again after it; at 200 us each the two take 13 ms.
  static let cycles: UInt64 = 32
  /// The fewest latencies that make a median.
  static let fewest = 8
  /// Lines that are written to learn what one costs.
  private static let markers = 16

  /// The facts of a self-test; nil where it was cut short.
  static func facts(_ samples: SelfTestSamples, markerWrite: Nanoseconds?) -> ObserverFacts? {
    // Cold caches are not a cost of tracing, so the first readings are left out.
    let before = samples.before.dropFirst(4).sorted()
    let after = samples.after.dropFirst(4).sorted()
    guard min(before.count, after.count) >= fewest else { return nil }
    var facts = ObserverFacts(
      medianOff: before[before.count / 2], medianOn: after[after.count / 2],
      wakeups: min(before.count, after.count))
    facts.quartileOff = before[before.count / 4]
    facts.quartileOn = after[after.count / 4]
    facts.markerWrite = markerWrite
    return facts
  }

  /// The median time of a line written to `marker`; nil where nothing can be written.
  static func markerWrite(_ marker: Int32) -> Nanoseconds? {
    let text = Array("breaktrace: self-test\n".utf8)
    var times: [Int64] = []
    for _ in 0..<markers {
      let start = bt_clock(CLOCK_MONOTONIC)
      let written = bt_write(marker, text, text.count)
      let end = bt_clock(CLOCK_MONOTONIC)
      guard written == text.count else { return nil }
      times.append(end - start)
    }
    return Nanoseconds(times.sorted()[markers / 2])
  }
}
