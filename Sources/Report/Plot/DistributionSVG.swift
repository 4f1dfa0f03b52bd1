/// Draws the lines of distributions: the overlay and the combined plot.
struct DistributionSVG {
  let plot: LatencyPlot

  private static let legendWidth = 270.0
  /// Entries that the legend has room for.
  private static let legendEntries = 11

  /// The file.
  var text: String {
    let total = plot.series.reduce(UInt64(0)) { $0 &+ $1.total }
    var canvas = SVGCanvas(
      legend: Self.legendWidth, title: plot.title,
      subtitle: "\(PlotText.grouped(total)) latencies"
        + (plot.series.count > 1 ? " of \(plot.series.count) \(noun)" : ""))
    let horizontal = plot.latencyScale
    let vertical = plot.countScale
    canvas.axes(
      horizontal: horizontal, "latency (us)", vertical: vertical, "number of latencies (log)")
    for (index, series) in plot.series.enumerated() {
      draw(series, color: color(index), &canvas, horizontal, vertical)
    }
    legend(&canvas, horizontal)
    return canvas.svg
  }

  private var noun: String { plot.kind == .combined ? "systems" : "series" }

  private func color(_ index: Int) -> String {
    PlotColors.series(index, of: plot.series.count)
  }

  private func draw(
    _ series: PlotSeries, color: String, _ canvas: inout SVGCanvas, _ horizontal: PlotScale,
    _ vertical: PlotScale
  ) {
    let path = outline(series, canvas, horizontal, vertical)
    guard !path.isEmpty else { return }
    let isAlone = plot.series.count == 1
    let width = plot.kind == .combined ? "0.9" : "1.6"
    canvas.add(
      "<path d=\"\(path)\" fill=\"\(isAlone ? color : "none")\" fill-opacity=\"0.25\" "
        + "stroke=\"\(color)\" stroke-width=\"\(width)\" "
        + "stroke-opacity=\"\(plot.kind == .combined ? "0.8" : "1")\"/>")
    // The maximum is what readers look for: a mark under the axis.
    guard let maximum = series.maximum, Double(maximum) <= horizontal.high else { return }
    let x = PlotText.number(canvas.x(horizontal.position(Double(maximum) + 0.5)))
    let y = canvas.y(0)
    canvas.add(
      "<path d=\"M\(x) \(PlotText.number(y - 1)) l-4 8 h8 z\" fill=\"\(color)\"/>")
  }

  /// Steps along the counts, down to the axis where there is none.
  private func outline(
    _ series: PlotSeries, _ canvas: SVGCanvas, _ horizontal: PlotScale, _ vertical: PlotScale
  ) -> String {
    let ground = PlotText.number(canvas.y(0))
    var path = ""
    var end: Int64?
    for point in series.points where Double(point.microseconds) < horizontal.high {
      let x0 = PlotText.number(canvas.x(horizontal.position(Double(point.microseconds))))
      let x1 = PlotText.number(canvas.x(horizontal.position(Double(point.microseconds + 1))))
      let y = PlotText.number(canvas.y(vertical.position(Double(point.count))))
      if let last = end, last == point.microseconds {
        path += "V\(y)H\(x1)"
      } else {
        if end != nil { path += "V\(ground)" }
        path += path.isEmpty ? "M\(x0) \(ground)V\(y)H\(x1)" : "H\(x0)V\(y)H\(x1)"
      }
      end = point.microseconds + 1
    }
    return path.isEmpty ? "" : path + "V\(ground)"
  }

  private func legend(_ canvas: inout SVGCanvas, _ horizontal: PlotScale) {
    let x = canvas.left + canvas.area.width + 22
    var y = canvas.top + 10
    var entries = Array(plot.series.indices)
    let isCut = entries.count > Self.legendEntries
    if isCut {
      // The worst ones, the worst first.
      entries.sort { (plot.series[$0].maximum ?? 0) > (plot.series[$1].maximum ?? 0) }
      entries = Array(entries.prefix(Self.legendEntries - 1))
      canvas.text(x, y, "largest maxima", color: "#555555")
      y += 20
    }
    for index in entries {
      let series = plot.series[index]
      canvas.line(x, y - 4, x + 20, y - 4, color: color(index), width: 3)
      canvas.text(x + 28, y, PlotText.cut(series.label, to: 34))
      canvas.text(x + 28, y + 15, PlotText.legend(series), size: 11, color: "#555555")
      let beyond = beyond(series, horizontal)
      if beyond > 0, !isCut {
        canvas.text(
          x + 28, y + 29, "\(PlotText.grouped(beyond)) beyond the axis", size: 11,
          color: "#555555")
        y += 14
      }
      y += 38
    }
    if isCut {
      canvas.text(
        x, y, "and \(plot.series.count - entries.count) more \(noun)", color: "#555555")
    }
  }

  /// Latencies that the picture does not show.
  private func beyond(_ series: PlotSeries, _ horizontal: PlotScale) -> UInt64 {
    series.points.reduce(series.overflows) {
      Double($1.microseconds) >= horizontal.high ? $0 &+ $1.count : $0
    }
  }
}
