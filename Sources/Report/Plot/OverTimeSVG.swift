/// Draws runs one after the other: each a column, latency upwards, the count as colour, the maximum
/// as a mark.
struct OverTimeSVG {
  let plot: LatencyPlot

  /// Cells upwards.
  private static let rows = 120

  /// The file.
  var text: String {
    var canvas = SVGCanvas(
      legend: 170, title: plot.title,
      subtitle: "\(plot.series.count) runs, oldest left; each column is the histogram of a run")
    let vertical = verticalScale
    let count = plot.series.count
    let horizontal = PlotScale(linear: 0, Double(max(1, count)))
    let most = Double(plot.series.flatMap(\.points).map(\.count).max() ?? 1)
    let counts = PlotScale(counts: most)
    let step = 1 / max(1, Double(count))
    for (run, series) in plot.series.enumerated() {
      column(
        series, from: Double(run) * step, to: Double(run + 1) * step, &canvas, vertical, counts)
    }
    axes(&canvas, horizontal, vertical)
    maxima(&canvas, step, vertical)
    legend(&canvas, counts)
    return canvas.svg
  }

  /// Also where the maxima are so far off that the histograms would be a strip at the bottom.
  private var isLogarithmic: Bool {
    if plot.hasLogarithmicLatency { return true }
    let seen = plot.series.compactMap { $0.points.last?.microseconds }.max() ?? 1
    let worst = plot.series.compactMap(\.maximum).max() ?? 1
    return plot.limit == nil && worst / 3 > seen
  }

  private var verticalScale: PlotScale {
    let worst = plot.series.compactMap(\.maximum).max() ?? 1
    let wanted = Double(plot.limit ?? max(2, worst + 1))
    let least = plot.series.compactMap(\.minimum).min() ?? 1
    return isLogarithmic
      ? PlotScale(logarithmic: Double(max(1, least)), wanted) : PlotScale(linear: 0, wanted)
  }

  private func axes(_ canvas: inout SVGCanvas, _ horizontal: PlotScale, _ vertical: PlotScale) {
    // No grid over the colours: only marks and names.
    for mark in vertical.marks {
      let y = canvas.y(vertical.position(mark.value))
      let isLarge = !mark.label.isEmpty
      canvas.line(canvas.left - (isLarge ? 6 : 3), y, canvas.left, y, color: "#222222")
      if isLarge { canvas.text(canvas.left - 10, y + 4, mark.label, anchor: "end") }
    }
    let count = plot.series.count
    let every = max(1, Int((Double(count) / 16).rounded(.up)))
    for run in stride(from: 0, to: count, by: every) {
      let x = canvas.x((Double(run) + 0.5) / Double(count))
      canvas.line(x, canvas.y(0), x, canvas.y(0) + 6, color: "#222222")
      canvas.text(x, canvas.y(0) + 21, "\(run + 1)", anchor: "middle")
    }
    canvas.line(canvas.left, canvas.top, canvas.left, canvas.y(0), color: "#222222")
    canvas.line(
      canvas.left, canvas.y(0), canvas.left + canvas.area.width, canvas.y(0), color: "#222222")
    canvas.text(
      canvas.left + canvas.area.width / 2, canvas.height - 18, "run", size: 13, anchor: "middle")
    let axis = isLogarithmic ? "latency (us, log)" : "latency (us)"
    canvas.text(
      24, canvas.top + canvas.area.height / 2, axis, size: 13, anchor: "middle", rotate: true)
  }

  private func column(
    _ series: PlotSeries, from: Double, to: Double, _ canvas: inout SVGCanvas,
    _ vertical: PlotScale, _ counts: PlotScale
  ) {
    var cells: [Int: UInt64] = [:]
    for point in series.points where Double(point.microseconds) < vertical.high {
      // On a logarithmic axis a us can take many cells, on a linear one a cell many us.
      let low = Int(vertical.position(Double(point.microseconds)) * Double(Self.rows))
      let high = Int(vertical.position(Double(point.microseconds) + 1) * Double(Self.rows))
      for row in low...max(low, high - 1) {
        cells[min(Self.rows - 1, row), default: 0] &+= point.count
      }
    }
    let x = canvas.x(from)
    let width = PlotText.number(canvas.x(to) - x + 0.3)
    let height = canvas.area.height / Double(Self.rows)
    for (row, count) in cells.sorted(by: { $0.key < $1.key }) {
      let y = canvas.y(Double(row + 1) / Double(Self.rows))
      canvas.add(
        "<rect shape-rendering=\"crispEdges\" x=\"\(PlotText.number(x))\" y=\"\(PlotText.number(y))\" width=\"\(width)\" "
          + "height=\"\(PlotText.number(height + 0.3))\" "
          + "fill=\"\(PlotColors.heat(counts.position(Double(count))))\"/>")
    }
  }

  private func maxima(_ canvas: inout SVGCanvas, _ step: Double, _ vertical: PlotScale) {
    for (run, series) in plot.series.enumerated() {
      guard let maximum = series.maximum else { continue }
      let x = canvas.x((Double(run) + 0.5) * step)
      let isBeyond = Double(maximum) > vertical.high
      let y = canvas.y(vertical.position(Double(maximum)))
      canvas.add(
        "<circle cx=\"\(PlotText.number(x))\" cy=\"\(PlotText.number(y))\" r=\"3\" "
          + "fill=\"\(isBeyond ? "#ffffff" : "#d55e00")\" stroke=\"#d55e00\"/>")
    }
  }

  private func legend(_ canvas: inout SVGCanvas, _ counts: PlotScale) {
    let x = canvas.left + canvas.area.width + 26
    canvas.text(x, canvas.top + 10, "number of latencies", color: "#555555")
    let steps = 40
    let height = 200.0
    for step in 0..<steps {
      let share = Double(step) / Double(steps - 1)
      let y = canvas.top + 24 + height * (1 - share) - height / Double(steps)
      canvas.add(
        "<rect shape-rendering=\"crispEdges\" x=\"\(PlotText.number(x))\" y=\"\(PlotText.number(y + height / Double(steps)))\" "
          + "width=\"18\" height=\"\(PlotText.number(height / Double(steps) + 0.5))\" "
          + "fill=\"\(PlotColors.heat(share))\"/>")
    }
    for mark in counts.marks where !mark.label.isEmpty {
      let y = canvas.top + 28 + height * (1 - counts.position(mark.value))
      canvas.text(x + 24, y + 4, mark.label)
    }
    let y = canvas.top + height + 60
    canvas.add(
      "<circle cx=\"\(PlotText.number(x + 6))\" cy=\"\(PlotText.number(y - 4))\" r=\"3\" "
        + "fill=\"#d55e00\"/>")
    canvas.text(x + 18, y, "maximum of the run")
    if plot.series.contains(where: { Double($0.maximum ?? 0) > verticalScale.high }) {
      canvas.add(
        "<circle cx=\"\(PlotText.number(x + 6))\" cy=\"\(PlotText.number(y + 18))\" r=\"3\" "
          + "fill=\"#ffffff\" stroke=\"#d55e00\"/>")
      canvas.text(x + 18, y + 22, "above the axis")
    }
  }
}
