/// A distribution of latencies with a name: what one line of a plot shows.
public struct PlotSeries: Hashable, Sendable {
  /// A number of latencies in one us.
  public struct Point: Hashable, Sendable {
    /// Whole us: latencies in `[microseconds, microseconds + 1)`.
    public var microseconds: Int64
    /// How many, above 0.
    public var count: UInt64

    /// Memberwise.
    public init(microseconds: Int64, count: UInt64) {
      self.microseconds = microseconds
      self.count = count
    }
  }

  /// The name in the legend.
  public var label: String
  /// The counts above 0 by ascending latency.
  public var points: [Point]
  /// Latencies beyond the histogram.
  public var overflows: UInt64
  /// Smallest latency in us, nil where the source does not report it.
  public var minimum: Int64?
  /// Mean latency in us, nil where the source does not report it.
  public var average: Double?
  /// Largest latency in us, nil where the source does not report it.
  public var maximum: Int64?
  /// What it is a latency of, where a file has several kinds (`IRQ`, `thread`): only series of one
  /// kind have a sum.
  public var kind: String

  /// Makes a series; counts of 0 are left out and points sorted.
  public init(
    label: String, points: [Point], overflows: UInt64 = 0, minimum: Int64? = nil,
    average: Double? = nil, maximum: Int64? = nil, kind: String = ""
  ) {
    self.label = label
    self.kind = kind
    // What lies outside is not a latency that anybody measured: it would only spoil the axes.
    let range: ClosedRange<Int64> = 0...Self.longest
    self.points = points.filter { $0.count > 0 && range.contains($0.microseconds) }
      .sorted { $0.microseconds < $1.microseconds }
    self.overflows = overflows
    self.minimum = minimum.map(Self.clamped) ?? self.points.first?.microseconds
    self.average = average
    self.maximum = maximum.map(Self.clamped) ?? self.points.last?.microseconds
  }

  /// Eleven days: no histogram reaches further.
  private static let longest: Int64 = 1_000_000_000_000

  private static func clamped(_ value: Int64) -> Int64 { min(longest, max(-longest, value)) }

  /// All latencies, saturated.
  public var total: UInt64 {
    points.reduce(overflows) { sum, point in
      let (value, overflow) = sum.addingReportingOverflow(point.count)
      return overflow ? .max : value
    }
  }

  /// One point for each latency.
  static func joined(_ points: some Sequence<Point>) -> [Point] {
    var counts: [Int64: UInt64] = [:]
    for point in points { counts[point.microseconds, default: 0] &+= point.count }
    return counts.map { Point(microseconds: $0.key, count: $0.value) }
  }

  /// The sums of several series, one for each kind of latency: as the threads of one system.
  public static func sums(_ series: [PlotSeries], label: String) -> [PlotSeries] {
    var kinds: [String] = []
    for one in series where !kinds.contains(one.kind) { kinds.append(one.kind) }
    guard kinds.count > 1 else { return [sum(series, label: label)] }
    return kinds.map { kind in
      sum(series.filter { $0.kind == kind }, label: kind.isEmpty ? label : "\(label): \(kind)")
    }
  }

  /// The sum of several series of one kind.
  public static func sum(_ series: [PlotSeries], label: String) -> PlotSeries {
    let weights = series.map { Double($0.total) }
    let all = weights.reduce(0, +)
    let averages = series.map(\.average)
    let isKnown = !series.isEmpty && all > 0 && averages.allSatisfy { $0 != nil }
    return PlotSeries(
      label: label,
      points: joined(series.lazy.flatMap(\.points)),
      overflows: series.reduce(0) { $0 &+ $1.overflows },
      minimum: series.compactMap(\.minimum).min(),
      average: isKnown
        ? zip(averages, weights).reduce(0) { $0 + ($1.0 ?? 0) * $1.1 } / all : nil,
      maximum: series.compactMap(\.maximum).max(), kind: series.first?.kind ?? "")
  }
}
