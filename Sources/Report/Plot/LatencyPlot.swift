/// A plot of latency distributions: what is shown and how the axes are; `svg` and `terminal` draw
/// it.
public struct LatencyPlot: Hashable, Sendable {
  /// What kind of picture.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The lines of a few distributions over each other, with a legend.
    case overlay
    /// Many systems in one picture, thin lines; the legend names the worst.
    case combined
    /// Runs one after the other: run across, latency up, the count as colour.
    case overTime = "over-time"
  }

  /// The heading.
  public var title: String
  /// The kind.
  public var kind: Kind
  /// The series in the order of the input.
  public var series: [PlotSeries]
  /// The end of the latency axis in us, nil to fit.
  public var limit: Int64?
  /// Whether the latency axis is logarithmic; counts always are.
  public var hasLogarithmicLatency: Bool

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    title: String, kind: Kind, series: [PlotSeries], limit: Int64? = nil,
    hasLogarithmicLatency: Bool = false
  ) {
    self.title = title
    self.kind = kind
    self.series = series
    self.limit = limit.map { min(1_000_000_000_000, max(2, $0)) }
    self.hasLogarithmicLatency = hasLogarithmicLatency
  }

  /// The plot as SVG 1.1, a whole file.
  public var svg: String {
    kind == .overTime ? OverTimeSVG(plot: self).text : DistributionSVG(plot: self).text
  }

  /// The plot for a terminal of `columns` by `rows` characters (at least 40 by 10).
  public func terminal(columns: Int = 80, rows: Int = 24) -> String {
    TerminalPlot(plot: self, columns: max(40, columns), rows: max(10, rows)).text
  }

  // MARK: axes

  /// The axis of latencies; maxima beyond the histograms do not stretch it, the legend reports
  /// them.
  var latencyScale: PlotScale {
    let seen = series.compactMap { $0.points.last?.microseconds }.max() ?? 1
    let wanted = limit ?? seen + 1
    let least = series.compactMap { $0.points.first?.microseconds }.min() ?? 1
    return hasLogarithmicLatency
      ? PlotScale(logarithmic: Double(max(1, least)), Double(max(2, wanted)))
      : PlotScale(linear: 0, Double(max(2, wanted)))
  }

  /// The axis of counts.
  var countScale: PlotScale {
    let most = series.flatMap(\.points).map(\.count).max() ?? 1
    return PlotScale(counts: Double(most))
  }
}
