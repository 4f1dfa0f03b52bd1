import TraceModel

/// Pauses that end at the same place in a period: a host that limits a guest's CPU time gives it
/// back once a period.
struct PauseGrid {
  /// The period of a cgroup's CPU bandwidth, which hosts hardly ever change.
  static let period = Nanoseconds(microseconds: 100_000)
  /// How far apart ends of one grid are at most.
  private static let tolerance = Nanoseconds(microseconds: 1_500)
  /// The latest pauses count: a host's clock drifts against the guest's.
  private static let most = 16
  /// Fewer that agree are chance: three of one place in 33 out of a handful.
  private static let least = 3

  /// Earlier pauses that ended at this place, and how many there were.
  var agreeing: Int
  /// All of them.
  var count: Int

  /// nil where the ends do not fall together with most of the earlier ones.
  init?(_ earlier: [Nanoseconds], ends: [Nanoseconds]) {
    let latest = earlier.suffix(Self.most)
    let best =
      ends.map { end in latest.count { Self.distance($0, end) <= Self.tolerance } }.max() ?? 0
    guard best >= Self.least, best * 2 > latest.count else { return nil }
    agreeing = best
    count = latest.count
  }

  /// How far two times are apart in the period, either way.
  private static func distance(_ a: Nanoseconds, _ b: Nanoseconds) -> Nanoseconds {
    let difference = abs(a.count % period.count - b.count % period.count)
    return Nanoseconds(min(difference, period.count - difference))
  }

  /// As evidence.
  var evidence: Evidence {
    Evidence(
      source: "run",
      text:
        "\(agreeing) of the \(count) earlier pauses ended at the same phase of a period of 100 ms, "
        + "which suggests that the host limits the CPU time of the guest")
  }
}
