/// Reads the histograms that `rtla timerlat hist` and `rtla osnoise hist` print.
///
/// Kernel: tools/tracing/rtla/src/timerlat_hist.c and osnoise_hist.c, 5.17 and later. The unit is
/// microseconds, with `--nano` nanoseconds; columns are there for CPUs with samples only.
struct RtlaHistogram {
  private var isNanoseconds = false
  private var hasHeader = false
  private var hasIndex = false
  private var columns: [String] = []
  private var rows: [(index: Int64, counts: [UInt64])] = []
  private var footers: [String: [Double?]] = [:]
  /// The sums of all CPUs are the last block: it has the same words again.
  private var isEnded = false

  /// Whether a text is one of them.
  static func isOne(_ text: String) -> Bool {
    var hasRow = false
    for line in text.utf8.split(separator: UInt8(ascii: "\n")).prefix(100_000) {
      if line.starts(with: "# RTLA ".utf8) { return true }
      // Without a header the footers decide.
      if line.starts(with: "over:".utf8) {
        let words = Substring(line).split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst()
        return hasRow && !words.isEmpty && words.allSatisfy { UInt64($0) != nil }
      }
      if let first = line.first, (48...57).contains(first) { hasRow = true }
    }
    return false
  }

  /// The series of a text, one a column.
  static func read(_ text: String, name: String) throws(ReportError) -> [PlotSeries] {
    var histogram = RtlaHistogram()
    for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      histogram.take(line)
      if histogram.isEnded { break }
    }
    if histogram.hasHeader, !histogram.columns.isEmpty, !histogram.hasIndex {
      throw HistogramReader.refusal(
        name, "rtla printed it without latencies, omit --no-index")
    }
    let series = histogram.series
    guard series.contains(where: { !$0.points.isEmpty }) else {
      throw HistogramReader.refusal(name, "the histogram of rtla is empty, measure longer")
    }
    return series
  }

  private mutating func take(_ line: Substring.UTF8View) {
    let words = Substring(line).split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard let first = words.first else { return }
    if first.hasPrefix("#") {
      if words.count > 1, words[1] == "RTLA" { hasHeader = true }
      if words.contains("(ns)") || words.contains("nanoseconds") { isNanoseconds = true }
    } else if first == "Index" {
      columns = words.dropFirst().map(String.init)
      hasIndex = true
    } else if columns.isEmpty, rows.isEmpty, words.allSatisfy(Self.isColumn) {
      columns = words.map(String.init)
    } else if first == "ALL:" {
      isEnded = true
    } else if first.hasSuffix(":") {
      let key = String(first.dropLast())
      guard ["over", "count", "min", "avg", "max"].contains(key), footers[key] == nil else {
        return
      }
      footers[key] = words.dropFirst().map { Double($0) }
    } else if let index = Int64(first), footers.isEmpty {
      let counts = words.dropFirst().map { UInt64($0) }
      guard !counts.isEmpty, !counts.contains(nil) else { return }
      rows.append((index, counts.compactMap(\.self)))
    }
  }

  private static func isColumn(_ word: Substring) -> Bool {
    ["IRQ-", "Thr-", "Usr-", "CPU-"].contains { word.hasPrefix($0) }
  }

  private var series: [PlotSeries] {
    let width = rows.map(\.counts.count).max() ?? 0
    let scale: Int64 = isNanoseconds ? 1_000 : 1
    return (0..<min(width, 4_096)).map { column in
      func value(_ key: String) -> Double? {
        footers[key].flatMap { column < $0.count ? $0[column] : nil }
      }
      func microseconds(_ key: String) -> Int64? {
        value(key).flatMap { Int64(exactly: ($0 / Double(scale)).rounded(.down)) }
      }
      let name = column < columns.count ? columns[column] : ""
      return PlotSeries(
        label: name.isEmpty ? "column \(column)" : Self.label(name),
        points: PlotSeries.joined(
          rows.compactMap { row in
            column < row.counts.count
              ? PlotSeries.Point(microseconds: row.index / scale, count: row.counts[column]) : nil
          }),
        overflows: value("over").flatMap { UInt64(exactly: $0) } ?? 0,
        minimum: microseconds("min"), average: value("avg").map { $0 / Double(scale) },
        maximum: microseconds("max"), kind: Self.kind(name))
    }
  }

  /// `Thr-003` is `CPU 3 thread`.
  private static func label(_ column: String) -> String {
    let number = column.split(separator: "-").last.flatMap { Int($0) }
    let kind = kind(column)
    return number.map { "CPU \($0)" + (kind.isEmpty ? "" : " \(kind)") } ?? column
  }

  /// What the latencies of a column are of; those of different kinds have no sum.
  private static func kind(_ column: String) -> String {
    switch column.prefix(4) {
    case "IRQ-": "IRQ"
    case "Thr-": "thread"
    case "Usr-": "user"
    default: ""
    }
  }
}
