import CRealtime
import Glibc

/// What a clock says of its resolution, and what reading it shows (`-R`).
struct ClockResolution {
  /// clock_getres(2) in ns, nil where it fails.
  let reported: Int64?
  /// The smallest step between two readings above 0, in ns; nil where the clock never moved.
  let measured: Int64?
  /// The readings in ns.
  let readings: [Int64]

  /// Reads the clock for about a millisecond.
  init(_ clock: clockid_t) {
    var resolution = timespec()
    reported =
      clock_getres(clock, &resolution) == 0
      ? Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec) : nil
    let probes = 1_000
    let start = bt_clock(clock)
    for _ in 0..<probes { _ = bt_clock(clock) }
    let cost = (bt_clock(clock) - start) / Int64(probes)
    let number = cost > 0 ? max(1_000, min(100_000, 1_000_000 / cost)) : 100_000
    var times = [Int64](repeating: 0, count: Int(number))
    for index in times.indices { times[index] = bt_clock(clock) }
    readings = times
    measured = zip(times.dropFirst(), times).map { $0 - $1 }.filter { $0 > 0 }.min()
  }

  /// The two lines of the result.
  var lines: [String] {
    [
      "WARN: reported clock resolution: \(reported.map(String.init) ?? "unknown") nsec",
      "WARN: measured clock resolution approximately: "
        + "\(measured.map(String.init) ?? "unknown") nsec",
    ]
  }

  /// The readings with their differences, for `-X`.
  var list: [String] {
    var lines = [
      "INFO: For \(readings.count) consecutive calls to clock_gettime():",
      "INFO: time, delta time (nsec)",
    ]
    for (time, before) in zip(readings.dropFirst(), readings) {
      let rest = String(time % 1_000_000_000)
      let zeros = String(repeating: "0", count: max(0, 9 - rest.count))
      let delta = String(time - before)
      let pad = String(repeating: " ", count: max(0, 6 - delta.count))
      lines.append("INFO: \(time / 1_000_000_000).\(zeros)\(rest) \(pad)\(delta)")
    }
    return lines
  }
}
