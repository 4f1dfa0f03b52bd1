import TraceModel

/// A trace clock that only moves with the scheduler's tick: jiffies, or a sched_clock that nothing
/// finer drives.
enum ClockTick {
  /// The ticks of the usual values of CONFIG_HZ: 100, 250, 300, 1000.
  private static let ticks = [10_000_000, 4_000_000, 3_333_333, 1_000_000].map { Nanoseconds($0) }
  /// Fewer stamps may be multiples of a tick by chance, of a short one more easily.
  private static func least(_ tick: Nanoseconds) -> Int {
    tick > Nanoseconds(1_000_000) ? 4 : 6
  }

  /// Texts give whole microseconds.
  private static func isNear(_ time: Nanoseconds, multipleOf tick: Nanoseconds) -> Bool {
    let rest = (time.count % tick.count).magnitude
    return rest <= 1_000 || rest >= UInt64(tick.count - 1_000)
  }

  /// The coarsest tick of which all stamps and the window's length are multiples; nil where there
  /// are finer stamps, or too few to report.
  ///
  /// Most events of such a clock share the stamp of the one before them; where hardly any does,
  /// somebody wrote round numbers.
  static func of(_ timeline: Timeline, window: TimeSpan) -> Nanoseconds? {
    guard window.length > .zero else { return nil }
    func isMultiple(of tick: Nanoseconds) -> Bool {
      isNear(window.length, multipleOf: tick)
        && timeline.cpus.allSatisfy { track in
          guard let first = track.events.first?.time else { return true }
          // The clock may have begun between two ticks.
          return track.events.allSatisfy { isNear($0.time - first, multipleOf: tick) }
        }
    }
    guard let tick = ticks.first(where: isMultiple) else { return nil }
    var events = 0
    var steps = 0
    for track in timeline.cpus {
      events += track.events.count
      steps += zip(track.events, track.events.dropFirst()).count { $0.time != $1.time }
    }
    return events >= least(tick) && steps * 2 <= events ? tick : nil
  }
}
