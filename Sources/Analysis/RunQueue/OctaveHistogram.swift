public import TraceModel

/// Counts of latencies by powers of two of a microsecond.
public struct OctaveHistogram: Hashable, Sendable {
  /// One row: latencies in `[from, to)` us.
  public struct Row: Hashable, Sendable {
    /// First us.
    public var from: UInt64
    /// First us after.
    public var to: UInt64
    /// How many.
    public var count: UInt64
  }

  private var counts = [UInt64](repeating: 0, count: 40)

  /// Empty.
  public init() {}

  /// Adds a latency; a negative one counts as 0.
  @_optimize(speed) public mutating func add(_ latency: Nanoseconds) {
    let microseconds = UInt64(clamping: latency.microseconds)
    counts[min(64 - microseconds.leadingZeroBitCount, 39)] += 1
  }

  /// From the first row that is not empty to the last.
  public var rows: [Row] {
    guard let first = counts.firstIndex(where: { $0 > 0 }),
      let last = counts.lastIndex(where: { $0 > 0 })
    else { return [] }
    return (first...last).map { octave -> Row in
      let to = UInt64(1) << UInt64(octave)
      return Row(from: octave == 0 ? 0 : to / 2, to: to, count: counts[octave])
    }
  }
}
