public import TraceModel

/// Count, sum, maximum and distribution of latencies in buckets of a quarter of an octave.
public struct LatencyStatistics: Hashable, Sendable {
  /// Number of latencies.
  public private(set) var count: UInt64 = 0
  /// Their sum.
  public private(set) var sum = Nanoseconds.zero
  /// The largest.
  public private(set) var maximum = Nanoseconds.zero
  /// The buckets from the first that is used to the last: a trace has thousands of tasks, most with
  /// few waits.
  private var buckets: [UInt32] = []
  /// The number of the first one.
  private var first = 0

  /// Buckets of a quarter octave up to 2^40 ns.
  private static let bucketCount = 164

  /// Makes empty statistics.
  public init() {}

  /// Adds a latency; a negative one counts as 0.
  @_optimize(speed) public mutating func add(_ latency: Nanoseconds) {
    let value = max(0, latency.count)
    count += 1
    sum += Nanoseconds(value)
    if value > maximum.count { maximum = Nanoseconds(value) }
    let index = Self.bucket(value)
    reach(index)
    let old = buckets[index - first]
    buckets[index - first] = old == .max ? .max : old + 1
  }

  /// Makes room for a bucket.
  private mutating func reach(_ index: Int) {
    if buckets.isEmpty {
      first = index
      buckets = [0]
    } else if index < first {
      buckets.insert(contentsOf: repeatElement(0, count: first - index), at: 0)
      first = index
    } else if index >= first + buckets.count {
      buckets.append(contentsOf: repeatElement(0, count: index + 1 - first - buckets.count))
    }
  }

  /// Adds all of another's.
  public mutating func add(_ other: LatencyStatistics) {
    count += other.count
    sum += other.sum
    maximum = max(maximum, other.maximum)
    guard !other.buckets.isEmpty else { return }
    reach(other.first)
    reach(other.first + other.buckets.count - 1)
    for (number, value) in other.buckets.enumerated() {
      let index = other.first + number - first
      let (total, overflow) = buckets[index].addingReportingOverflow(value)
      buckets[index] = overflow ? .max : total
    }
  }

  /// The mean, zero while `count` is 0.
  public var average: Nanoseconds {
    count == 0 ? .zero : Nanoseconds(sum.count / Int64(clamping: count))
  }

  /// The latency that `share` (0...1) of all do not exceed: the upper end of its bucket, at most 25
  /// % too high and never above the maximum; zero while `count` is 0.
  public func percentile(_ share: Double) -> Nanoseconds {
    guard count > 0 else { return .zero }
    let wanted = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for (place, number) in buckets.enumerated() {
      let index = first + place
      seen += UInt64(number)
      // The last bucket has no upper end.
      if seen >= wanted, index < Self.bucketCount - 1 {
        return min(maximum, Nanoseconds(Self.limit(index)))
      }
    }
    return maximum
  }

  @_optimize(speed) static func bucket(_ value: Int64) -> Int {
    guard value >= 4 else { return Int(max(0, value)) }
    let exponent = 63 - value.leadingZeroBitCount
    let quarter = Int(value >> Int64(exponent - 2)) & 3
    return min(exponent * 4 + quarter - 4, bucketCount - 1)
  }

  /// First value after a bucket.
  static func limit(_ index: Int) -> Int64 {
    guard index >= 4 else { return Int64(index) + 1 }
    let exponent = (index + 4) / 4
    let quarter = Int64((index + 4) % 4)
    return (4 + quarter + 1) << Int64(exponent - 2)
  }
}
