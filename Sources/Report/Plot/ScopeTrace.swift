/// The picture of a live oscilloscope: latencies of threads from left to right, the newest at the
/// right.
public struct ScopeTrace: Sendable {
  private struct Column: Hashable, Sendable {
    /// Smallest and largest value of each thread.
    var ranges: [Int: ClosedRange<Int64>] = [:]
  }

  private var columns: [Column] = []
  private var open = Column()
  private let width: Int
  private let height: Int
  private let unit: String
  private var totals: [Int: (count: UInt64, last: Int64, minimum: Int64, maximum: Int64)] = [:]

  private static let marks = Array("0123456789abcdefghijklmnopqrstuvwxyz")
  private static let gutter = 9

  /// Makes an empty screen of `width` by `height` characters (at least 30 by 8); `unit` is that of
  /// the values.
  public init(width: Int, height: Int, unit: String = "us") {
    self.width = max(30, width) - Self.gutter - 1
    self.height = max(8, height) - 3
    self.unit = unit
  }

  /// Whether the column that is being filled has a value.
  public var hasOpenValues: Bool { !open.ranges.isEmpty }

  /// Takes a value into the column that is being filled.
  public mutating func add(thread: Int, value: Int64) {
    if let range = open.ranges[thread] {
      open.ranges[thread] = min(range.lowerBound, value)...max(range.upperBound, value)
    } else {
      open.ranges[thread] = value...value
    }
    let old = totals[thread] ?? (0, value, value, value)
    totals[thread] = (
      old.count &+ 1, value, min(old.minimum, value), max(old.maximum, value)
    )
  }

  /// Moves on to the next column.
  public mutating func endColumn() {
    columns.append(open)
    if columns.count > width { columns.removeFirst(columns.count - width) }
    open = Column()
  }

  /// The lines of the screen.
  public var frame: String {
    let shown = columns.flatMap(\.ranges.values)
    let top = Self.round(shown.map(\.upperBound).max() ?? 1)
    var cells = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    func row(_ value: Int64) -> Int {
      // A value far below 0 is not a whole number of rows.
      Int(min(1, max(0, Double(value) / Double(top))) * Double(height - 1) + 0.5)
    }
    for (x, column) in columns.enumerated() {
      for (thread, range) in column.ranges.sorted(by: { $0.key < $1.key }) {
        for level in row(range.lowerBound)...row(range.upperBound) where cells[level][x] == " " {
          cells[level][x] = "\u{2502}"
        }
        cells[row(range.upperBound)][x] =
          Self.marks[
            thread.magnitude.quotientAndRemainder(
              dividingBy: UInt(Self.marks.count)
            ).remainder.asIndex]
      }
    }
    var text = ""
    for level in stride(from: height - 1, through: 0, by: -1) {
      var label = ""
      if level == height - 1 { label = "\(top) \(unit)" }
      if level == (height - 1) / 2 {
        label = "\(Int64(Double(top) * Double(level) / Double(height - 1)))"
      }
      if level == 0 { label = "0" }
      text += String(repeating: " ", count: max(0, Self.gutter - 1 - label.count)) + label + " "
      let end = cells[level].lastIndex { $0 != " " }
      text += "\u{2502}" + (end.map { String(cells[level][...$0]) } ?? "") + "\n"
    }
    text += String(repeating: " ", count: Self.gutter) + "\u{2514}"
    text += String(repeating: "\u{2500}", count: width) + "\n"
    return text + status + "\n"
  }

  /// One line with the numbers of all threads.
  public var status: String {
    let parts = totals.sorted { $0.key < $1.key }.prefix(8).map { thread, total in
      "T\(thread): \(total.last) (min \(total.minimum) max \(total.maximum))"
    }
    return parts.isEmpty ? "waiting for values" : parts.joined(separator: "  ") + " \(unit)"
  }

  /// 1, 2 or 5 times a power of ten, at or above the value.
  private static func round(_ value: Int64) -> Int64 {
    var decade: Int64 = 1
    while decade < 1_000_000_000_000_000_000 / 10 {
      for factor: Int64 in [1, 2, 5] where factor * decade >= value { return factor * decade }
      decade *= 10
    }
    return .max
  }
}

extension UInt {
  /// The number as an index.
  fileprivate var asIndex: Int { Int(truncatingIfNeeded: self) }
}
