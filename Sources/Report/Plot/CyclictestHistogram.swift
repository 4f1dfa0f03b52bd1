/// Reads the histogram in cyclictest's text output.
enum CyclictestHistogram {
  /// The series of a text, one a thread; the column of sums (`-H`) is left out.
  static func read(_ text: String, name: String) throws(ReportError) -> [PlotSeries] {
    var rows: [(microseconds: Int64, counts: [UInt64])] = []
    var footers: [String: [Int64]] = [:]
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      if line.first == UInt8(ascii: "#") {
        if let (key, values) = footer(line) { footers[key] = values }
      } else if let row = row(line) {
        rows.append(row)
      }
    }
    guard let width = rows.map(\.counts.count).max() else {
      throw HistogramReader.refusal(name, "contains no row of a histogram")
    }
    let minima = footers["Min Latencies"]
    let threads = min(width, minima?.count ?? width)
    let series = (0..<threads).map { thread in
      func value(_ key: String) -> Int64? {
        footers[key].flatMap { thread < $0.count ? $0[thread] : nil }
      }
      return PlotSeries(
        label: "thread \(thread)",
        points: rows.compactMap { row in
          thread < row.counts.count
            ? PlotSeries.Point(microseconds: row.microseconds, count: row.counts[thread]) : nil
        },
        overflows: UInt64(clamping: value("Histogram Overflows") ?? 0),
        minimum: value("Min Latencies"), average: value("Avg Latencies").map(Double.init),
        maximum: value("Max Latencies"))
    }
    guard series.contains(where: { !$0.points.isEmpty }) else {
      throw HistogramReader.refusal(name, "its histogram is empty, measure with a longer -h")
    }
    return series
  }

  private static func row(
    _ line: Substring.UTF8View
  ) -> (microseconds: Int64, counts: [UInt64])? {
    var numbers: [UInt64] = []
    for word in line.split(whereSeparator: { $0 == 32 || $0 == 9 || $0 == 13 }) {
      guard let number = UInt64(Substring(word)) else { return nil }
      numbers.append(number)
    }
    guard numbers.count >= 2, let first = numbers.first, let microseconds = Int64(exactly: first)
    else { return nil }
    return (microseconds, Array(numbers.dropFirst()))
  }

  private static func footer(_ line: Substring.UTF8View) -> (String, [Int64])? {
    let parts = Substring(line).dropFirst().split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    var values: [Int64] = []
    for word in parts[1].split(separator: " ") {
      guard let value = Int64(word) else { break }
      values.append(value)
    }
    let key = parts[0].drop { $0 == " " }
    return values.isEmpty ? nil : (String(key), values)
  }
}
