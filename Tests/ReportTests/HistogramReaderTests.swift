import Foundation
import Report
import Testing

@Suite struct HistogramReaderTests {
  private func fixture(_ name: String) throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures").appending(path: name)
    return try String(contentsOf: file, encoding: .utf8)
  }

  private func series(_ text: String) throws -> [PlotSeries] {
    guard case .series(let series) = try HistogramReader.read(text, name: "x") else {
      Issue.record("a reference")
      return []
    }
    return series
  }

  @Test func `reads cyclictest's text, a series a thread, without the column of sums`() throws {
    let text = """
      # /dev/cpu_dma_latency set to 0us
      # Histogram
      000000 000000\t000000\t000000
      000001 000005\t000000\t000005
      000002 000003\t000007\t000010
      # Total: 000000008 000000007 000000015
      # Min Latencies: 00001 00002
      # Avg Latencies: 00001 00002
      # Max Latencies: 00009 00002 00009
      # Histogram Overflows: 00001 00000 00001
      # Histogram Overflow at cycle number:
      # Thread 0: 00004
      # Thread 1:

      """
    let series = try series(text)
    #expect(series.map(\.label) == ["thread 0", "thread 1"])
    #expect(series.map(\.overflows) == [1, 0])
    #expect(series.map(\.maximum) == [9, 2])
    #expect(series.map(\.total) == [9, 7])
    #expect(
      series[0].points == [
        PlotSeries.Point(microseconds: 1, count: 5), PlotSeries.Point(microseconds: 2, count: 3),
      ])
  }

  @Test(arguments: ["cyclictest-hist1.txt", "cyclictest-hist2.txt", "cyclictest-histsum.txt"])
  func `reads what the installed cyclictest printed`(name: String) throws {
    let text = try fixture(name)
    let series = try series(text)
    let minima = try #require(text.split(separator: "\n").first { $0.hasPrefix("# Min Lat") })
    #expect(series.count == minima.split(separator: " ").count - 3)
    #expect(series.allSatisfy { $0.total > 0 })
  }

  @Test func `reads rt-tests' JSON, also where it divided by 0`() throws {
    let text = """
      {"file_version": 1, "cmdline:": "x", "num_threads": 2, "resolution_in_ns": 0, "thread": {
      "1": {"histogram": {      }, "cycles": 0, "min": 1000000, "max": 0, "avg": -nan, "cpu": 1},
      "0": {"histogram": {"14": 18, "15": 133}, "cycles": 152, "min": 14, "max": 99, "avg": 15.21}}}
      """
    let series = try series(text)
    #expect(series.map(\.label) == ["thread 0", "thread 1"])
    #expect(series[0].overflows == 1 && series[0].maximum == 99 && series[0].average == 15.21)
    #expect(series[1].points.isEmpty && series[1].average == nil)
  }

  @Test func `reads rt-tests' JSON in ns`() throws {
    let series = try series(
      #"{"resolution_in_ns": 1, "thread": {"0": {"histogram": {"9": 1}, "cycles": 1, "max": 9800}}}"#
    )
    #expect(series[0].maximum == 9)
  }

  @Test func `reads jitterdebugger's JSON`() throws {
    let series = try series(
      #"{"cpu": {"0": {"histogram": {"3": 3678, "11": 1}, "count": 3679, "min": 3, "max": 11, "avg": 3.06}}}"#
    )
    #expect(series.map(\.label) == ["CPU 0"])
    #expect(series[0].total == 3_679 && series[0].maximum == 11)
  }

  @Test func `a report names its histogram's file`() throws {
    let one = try HistogramReader.read(
      #"{"schema": 1, "run": {"histogram_file": "histogram.txt"}}"#, name: "x")
    #expect(one == .reference("histogram.txt"))
    let several = try HistogramReader.read(
      #"{"schema": 1, "spikes": [{"run": {}}, {"run": {"histogram_file": "h"}}]}"#, name: "x")
    #expect(several == .reference("h"))
  }

  @Test(arguments: [
    "", "\n", "# nothing", "T: 0 ( 1) P: 0 I:1 C: 1", "{", "{}", "[]", "{\"thread\": {}}",
    "{\"thread\": {\"0\": {\"cycles\": 3}}}", "{\"cpu\": 3}", "000001 x", "000001",
    "000000 000000\n# Min Latencies: 00001", "{\"thread\": {\"0\": {\"histogram\": {\"a\": 1}}}}",
  ])
  func `refuses what holds no latency, in words`(text: String) {
    let error = #expect(throws: ReportError.self) { try HistogramReader.read(text, name: "x") }
    #expect(error?.subject == "x")
    #expect(error?.hint.isEmpty == false)
  }

  @Test func `every prefix and every changed byte is read or refused`() throws {
    let samples = [
      try fixture("cyclictest-histsum.txt"),
      #"{"resolution_in_ns": 1, "thread": {"0": {"histogram": {"9": 1}, "cycles": 1, "max": 9.5}}}"#,
      #"{"thread": {"0": {"histogram": {"9": 1e300, "-5": 3, "99999999999999999999": 1}, "max": 1e300, "min": -1e300, "cycles": -4}}}"#,
      "18446744073709551615 18446744073709551615\n9223372036854775807 18446744073709551615 1",
      "# Max Latencies: 9223372036854775807\n000001 000001",
    ]
    for sample in samples {
      let bytes = Array(sample.utf8.prefix(1_500))
      for end in bytes.indices {
        draw(String(decoding: bytes[..<end], as: UTF8.self))
      }
      for index in stride(from: 0, to: bytes.count, by: 3) {
        var changed = bytes
        changed[index] ^= 0x11
        draw(String(decoding: changed, as: UTF8.self))
      }
      draw(sample)
    }
  }

  private func draw(_ text: String) {
    guard case .series(let series)? = try? HistogramReader.read(text, name: "x") else { return }
    for kind in LatencyPlot.Kind.allCases {
      let plot = LatencyPlot(title: "t", kind: kind, series: series)
      #expect(plot.svg.hasSuffix("</svg>\n"))
      #expect(!plot.terminal().isEmpty)
    }
  }

  /// Every prefix, and every byte changed in some ways, is read and drawn or refused.
  @Test(arguments: [
    "# Histogram\n000000 000000\t000001\n000002 000003\t000007\n# Min Latencies: 00001 00002\n"
      + "# Avg Latencies: 00001 00002\n# Max Latencies: 00009 00002\n# Histogram Overflows: 00001 00000\n",
    #"{"resolution_in_ns": 0, "thread": {"0": {"histogram": {"1": 5, "900": 1}, "cycles": 10, "min": 1, "max": 950, "#
      + #""avg": 2.5}, "1": {"histogram": {"3": 1}, "cycles": 1, "min": 3, "max": 3, "avg": -nan}}}"#,
  ]) func `damaged histograms are drawn or refused`(text: String) throws {
    let bytes = Array(text.utf8)
    var drawn = 0
    var refused = 0
    func attempt(_ bytes: [UInt8]) {
      guard
        case .series(let series)? = try? HistogramReader.read(
          String(decoding: bytes, as: UTF8.self), name: "x")
      else {
        refused += 1
        return
      }
      let plot = LatencyPlot(
        title: "x", kind: .overlay, series: series + [PlotSeries.sum(series, label: "sum")],
        hasLogarithmicLatency: drawn.isMultiple(of: 2))
      #expect(!(drawn.isMultiple(of: 3) ? plot.svg : plot.terminal()).isEmpty)
      drawn += 1
    }
    for index in bytes.indices {
      attempt(Array(bytes[..<index]))
      for value in Array("9-\n".utf8) {
        var changed = bytes
        changed[index] = value
        attempt(changed)
      }
      if index.isMultiple(of: 3) {
        attempt(Array(bytes[..<index]) + Array("99999999999999999999".utf8) + bytes[index...])
      }
    }
    #expect(drawn > 100)
    #expect(refused > 20)
  }
}
