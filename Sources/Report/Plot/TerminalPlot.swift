/// Draws a plot with characters.
struct TerminalPlot {
  let plot: LatencyPlot
  let columns: Int
  let rows: Int

  private static let marks = Array("abcdefghijklmnopqrstuvwxyz")
  /// Columns of the axis at the left.
  private static let gutter = 8

  /// The text.
  var text: String {
    plot.kind == .overTime ? overTime : distribution
  }

  private var width: Int { columns - Self.gutter - 1 }
  private var height: Int { rows - 4 }

  // MARK: distributions

  private var distribution: String {
    let horizontal = plot.latencyScale
    let vertical = plot.countScale
    var cells = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    let isAlone = plot.series.count == 1
    for (index, series) in plot.series.enumerated() {
      var counts = Array(repeating: UInt64(0), count: width)
      for point in series.points where Double(point.microseconds) < horizontal.high {
        let column = Int(horizontal.position(Double(point.microseconds)) * Double(width))
        // The largest, not the sum: columns cover different numbers of us.
        counts[min(width - 1, column)] = max(counts[min(width - 1, column)], point.count)
      }
      for (column, count) in counts.enumerated() where count > 0 {
        let row = min(height - 1, Int(vertical.position(Double(count)) * Double(height - 1)))
        if isAlone {
          for level in 0...row { cells[level][column] = "\u{2588}" }
        } else {
          let mark = Self.marks[index % Self.marks.count]
          cells[row][column] = cells[row][column] == " " ? mark : "*"
        }
      }
    }
    return plot.title + "\n"
      + body(cells, vertical) { "number" }
      + axis(horizontal) + legend(isAlone: isAlone)
  }

  private func legend(isAlone: Bool) -> String {
    var lines = ""
    for (index, series) in plot.series.enumerated() {
      if index == 20 {
        lines += "  and \(plot.series.count - index) more\n"
        break
      }
      let mark = isAlone ? "\u{2588}" : String(Self.marks[index % Self.marks.count])
      lines += "  \(mark) \(PlotText.cut(series.label, to: 36)): \(PlotText.legend(series))"
      if series.overflows > 0 {
        lines += ", \(PlotText.grouped(series.overflows)) beyond the histogram"
      }
      lines += "\n"
    }
    return lines
  }

  // MARK: runs

  private var overTime: String {
    let worst = plot.series.compactMap(\.maximum).max() ?? 1
    let vertical =
      plot.hasLogarithmicLatency
      ? PlotScale(logarithmic: 1, Double(max(2, worst)))
      : PlotScale(linear: 0, Double(plot.limit ?? max(2, worst)))
    // The newest runs where there are more than columns.
    let runs = Array(plot.series.suffix(width))
    var cells = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    for (column, series) in runs.enumerated() {
      func row(_ value: Double) -> Int {
        min(height - 1, Int(vertical.position(value) * Double(height - 1)))
      }
      if let minimum = series.minimum, let maximum = series.maximum {
        for level in row(Double(minimum))...max(row(Double(minimum)), row(Double(maximum))) {
          cells[level][column] = "\u{2502}"
        }
        cells[row(Double(maximum))][column] = "M"
      }
      if let average = series.average { cells[row(average)][column] = "a" }
    }
    return plot.title + "\n" + body(cells, vertical) { "us" }
      + String(repeating: " ", count: Self.gutter) + "\u{2514}"
      + String(repeating: "\u{2500}", count: width) + "\n"
      + String(repeating: " ", count: Self.gutter + 1)
      + "runs \(plot.series.count - runs.count + 1) to \(plot.series.count), newest right; "
      + "M maximum, a average\n"
  }

  // MARK: parts

  private func body(_ cells: [[Character]], _ vertical: PlotScale, unit: () -> String) -> String {
    var labels: [Int: String] = [:]
    for mark in vertical.marks where !mark.label.isEmpty {
      labels[Int((vertical.position(mark.value) * Double(height - 1)).rounded())] = mark.label
    }
    var text = ""
    for row in stride(from: height - 1, through: 0, by: -1) {
      let label = row == height - 1 ? labels[row].map { "\($0)" } ?? unit() : labels[row] ?? ""
      text += String(repeating: " ", count: max(0, Self.gutter - 1 - label.count)) + label + " "
      text += "\u{2502}" + Self.trimmed(cells[row]) + "\n"
    }
    return text
  }

  private static func trimmed(_ cells: [Character]) -> String {
    let end = cells.lastIndex { $0 != " " }
    return end.map { String(cells[...$0]) } ?? ""
  }

  private func axis(_ horizontal: PlotScale) -> String {
    var line = Array(repeating: Character("\u{2500}"), count: width)
    var labels = Array(repeating: Character(" "), count: width + 8)
    for mark in horizontal.marks where !mark.label.isEmpty {
      let column = min(width - 1, Int(horizontal.position(mark.value) * Double(width)))
      line[column] = "\u{253c}"
      let free = labels[max(0, column - 1)...].prefix(mark.label.count + 1)
      guard free.allSatisfy({ $0 == " " }) else { continue }
      for (offset, character) in mark.label.enumerated() where column + offset < labels.count {
        labels[column + offset] = character
      }
    }
    let indent = String(repeating: " ", count: Self.gutter)
    return indent + "\u{2514}" + String(line) + "\n" + indent + " " + Self.trimmed(labels)
      + " us\n"
  }
}
