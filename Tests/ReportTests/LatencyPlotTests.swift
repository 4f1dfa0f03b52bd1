import Foundation
import FoundationXML
import Report
import Testing

@Suite struct LatencyPlotTests {
  private static func series(_ label: String, shift: Int64, tail: Int64) -> PlotSeries {
    PlotSeries(
      label: label,
      points: (0..<tail).map { step in
        PlotSeries.Point(
          microseconds: shift + step, count: UInt64(100_000 / (1 + step * step * step)))
      }, overflows: 2, minimum: shift, average: Double(shift) + 2, maximum: shift + tail + 300)
  }

  static let plots: [(name: String, plot: LatencyPlot)] = [
    (
      "plot-overlay",
      LatencyPlot(
        title: "Two <threads> & \"more\"", kind: .overlay,
        series: [series("thread 0", shift: 7, tail: 30), series("thread 1", shift: 12, tail: 44)])
    ),
    (
      "plot-combined",
      LatencyPlot(
        title: "Systems", kind: .combined,
        series: (0..<14).map { series("rack \($0)", shift: $0 + 2, tail: 20 + $0 * 2) })
    ),
    (
      "plot-over-time",
      LatencyPlot(
        title: "Runs", kind: .overTime,
        series: (0..<9).map { series("run \($0)", shift: 4 + $0 % 3, tail: 18 + $0) })
    ),
    (
      "plot-one-log",
      LatencyPlot(
        title: "One", kind: .overlay, series: [series("thread 0", shift: 3, tail: 40)],
        hasLogarithmicLatency: true)
    ),
  ]

  @Test(arguments: plots)
  func `draws the recorded picture`(name: String, plot: LatencyPlot) throws {
    try Golden.check(plot.svg, "\(name).svg")
    try Golden.check(plot.terminal(), "\(name).txt")
  }

  @Test(arguments: plots)
  func `is well-formed XML with units on its axes and every legend within the paper`(
    name: String, plot: LatencyPlot
  ) throws {
    _ = try XMLDocument(data: Data(plot.svg.utf8))
    let pattern =
      #/<text x="([0-9.]+)" y="[0-9.]+" font-size="([0-9]+)" text-anchor="([a-z]+)"[^>]*>([^<]*)</#
    let texts = plot.svg.matches(of: pattern)
    let words = texts.map { String($0.4) }
    #expect(words.contains { $0.hasPrefix("latency (us") })
    #expect(words.contains { $0.hasPrefix("number of latencies") })
    for text in texts {
      let x = try #require(Double(text.1))
      let size = try #require(Double(text.2))
      #expect(x >= 0 && x <= 1_040)
      // A letter is a little more than half as wide as it is high.
      if text.3 == "start" {
        #expect(x + Double(text.4.count) * size * 0.56 <= 1_046, "\(text.4)")
      }
    }
  }

  @Test func `each line of the terminal fits its width`() {
    for (_, plot) in Self.plots {
      for columns in [40, 80, 133] {
        let lines = plot.terminal(columns: columns, rows: 20).split(separator: "\n")
        #expect(lines.filter { $0.contains("\u{2502}") }.allSatisfy { $0.count <= columns })
      }
    }
  }

  @Test func `an empty or a single latency is drawn`() {
    for points in [[], [PlotSeries.Point(microseconds: 0, count: 1)]] {
      for kind in LatencyPlot.Kind.allCases {
        let plot = LatencyPlot(
          title: "t", kind: kind, series: [PlotSeries(label: "a", points: points)])
        #expect(plot.svg.contains("<svg "))
        #expect(plot.terminal().contains("t\n"))
      }
    }
  }

  @Test func `a sum of series has their counts, extremes and mean`() {
    let a = PlotSeries(
      label: "a", points: [.init(microseconds: 1, count: 3)], minimum: 1, average: 1, maximum: 1)
    let b = PlotSeries(
      label: "b", points: [.init(microseconds: 1, count: 1), .init(microseconds: 9, count: 5)],
      overflows: 3, minimum: 1, average: 4, maximum: 40)
    let sum = PlotSeries.sum([a, b], label: "c")
    #expect(sum.points.map(\.count) == [4, 5])
    #expect(sum.overflows == 3 && sum.minimum == 1 && sum.maximum == 40 && sum.total == 12)
    #expect(sum.average == 39.0 / 12)
  }
}
