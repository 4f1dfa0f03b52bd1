public import TraceModel

/// cyclictest's text formats, byte for byte, because scripts and plots read them.
///
/// Every text ends with a line end. Values are whole us, or ns where `nanoseconds` is set; the rows
/// of the histogram are whole us in both cases.
public struct CyclictestText: Hashable, Sendable {
  /// Whether values are printed in ns (`-N`).
  public var nanoseconds: Bool
  /// Whether the histogram has a last column that sums the threads (`-H`); only beside two or more.
  public var sumColumn: Bool

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(nanoseconds: Bool = false, sumColumn: Bool = false) {
    self.nanoseconds = nanoseconds
    self.sumColumn = sumColumn
  }

  // MARK: lines of a thread

  /// The `T:` line of a thread.
  public func summaryLine(_ thread: ThreadStatistics) -> String {
    let width = nanoseconds ? 8 : 5
    return "T:\(blank(thread.index, 2)) (\(blank(thread.tid, 5))) P:\(blank(thread.priority, 2)) "
      + "I:\(thread.interval.microseconds) C:\(blank(thread.cycles, 7)) "
      + "Min:\(blank(value(thread.minimum), 7)) Act:\(blank(value(thread.latest), width)) "
      + "Avg:\(blank(value(thread.average), width)) Max:\(blank(value(thread.maximum), 8))\n"
  }

  /// The `T:` lines of all threads.
  public func summary(_ threads: [ThreadStatistics]) -> String {
    threads.map(summaryLine).joined()
  }

  /// The `-v` line of one cycle; `cycle` counts recorded cycles from 0.
  public func verboseLine(thread: Int, cycle: UInt64, latency: Nanoseconds) -> String {
    "\(blank(thread, 8)):\(blank(cycle, 8)):\(blank(value(latency), 8))\n"
  }

  // MARK: histogram

  /// The histogram with its footers: `#`, blank and row lines only.
  ///
  /// `overflowCycles` holds for each thread the numbers of the first cycles beyond the last row;
  /// where it has fewer than the thread's overflows, the rest is counted as others.
  public func histogram(
    _ threads: [ThreadStatistics], overflowCycles: [[UInt64]] = []
  ) -> String {
    let sums = sumColumn && threads.count > 1
    var text = "# Histogram\n"
    for row in 0..<(threads.map(\.histogram.count).max() ?? 0) {
      var columns = threads.map { row < $0.histogram.count ? $0.histogram[row] : 0 }
      if sums { columns.append(total(columns)) }
      text += zero(row, 6) + " " + columns.map { zero($0, 6) }.joined(separator: "\t") + "\n"
    }
    var totals = threads.map { total($0.histogram) }
    var maxima = threads.map { value($0.maximum) }
    var overflows = threads.map(\.overflows)
    if sums {
      totals.append(total(totals))
      maxima.append(maxima.max() ?? 0)
      overflows.append(total(overflows))
    }
    text += footer("Total", totals.map { zero($0, 9) })
    text += footer("Min Latencies", threads.map { zero(value($0.minimum), 5) })
    text += footer("Avg Latencies", threads.map { zero(value($0.average), 5) })
    text += footer("Max Latencies", maxima.map { zero($0, 5) })
    text += footer("Histogram Overflows", overflows.map { zero($0, 5) })
    text += "# Histogram Overflow at cycle number:\n"
    for (position, thread) in threads.enumerated() {
      let known = position < overflowCycles.count ? overflowCycles[position] : []
      text += "# Thread \(thread.index):" + known.map { " " + zero($0, 5) }.joined()
      let others = thread.overflows.subtractingReportingOverflow(UInt64(known.count))
      if !others.overflow, others.partialValue > 0 {
        text += " # \(zero(others.partialValue, 5)) others"
      }
      text += "\n"
    }
    return text + "\n"
  }

  // MARK: other lines

  /// The line that reports PM QoS.
  public static func dmaLatencyLine(microseconds: Int32) -> String {
    "# /dev/cpu_dma_latency set to \(microseconds)us\n"
  }

  /// The three lines after a break: all thread ids, the thread that broke, its latency.
  public func breakLines(tids: [Int32], thread tid: Int32, latency: Nanoseconds) -> String {
    "# Thread Ids:" + tids.map { " " + zero($0, 5) }.joined() + "\n"
      + "# Break thread: \(tid)\n# Break value: \(value(latency))\n"
  }

  // MARK: parts

  private func value(_ time: Nanoseconds) -> Int64 {
    nanoseconds ? time.count : time.microseconds
  }

  private func total(_ counts: [UInt64]) -> UInt64 {
    counts.reduce(0) { sum, count in
      let (value, overflow) = sum.addingReportingOverflow(count)
      return overflow ? .max : value
    }
  }

  private func footer(_ name: String, _ values: [String]) -> String {
    "# \(name):" + values.map { " " + $0 }.joined() + "\n"
  }

  /// `%Nd`.
  private func blank(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
  }

  /// `%0Nd`.
  private func zero(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number.magnitude)
    let sign = number < 0 ? "-" : ""
    return sign + String(repeating: "0", count: max(0, width - sign.utf8.count - digits.utf8.count))
      + digits
  }
}
