/// Reads the latencies that cyclictest prints with `-v`: a line `THREAD:CYCLE:LATENCY` for each.
enum VerboseLatencies {
  /// The series of a text, one a thread; empty where it has no such lines. A latency counts as us:
  /// whether it is one of `-N` the text does not say.
  static func read(_ text: String) -> [PlotSeries] {
    var threads: [Int64: Thread] = [:]
    for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      guard let (thread, latency) = values(line) else { continue }
      if threads[thread] == nil, threads.count >= 4_096 { continue }
      threads[thread, default: Thread()].take(latency)
    }
    return threads.sorted { $0.key < $1.key }.map { number, thread in
      PlotSeries(
        label: "thread \(number)",
        points: thread.counts.map { PlotSeries.Point(microseconds: $0.key, count: $0.value) },
        minimum: thread.minimum,
        average: thread.count > 0 ? thread.sum / Double(thread.count) : nil,
        maximum: thread.maximum)
    }
  }

  private struct Thread {
    var counts: [Int64: UInt64] = [:]
    var count: UInt64 = 0
    var sum = 0.0
    var minimum: Int64?
    var maximum: Int64?

    mutating func take(_ latency: Int64) {
      counts[latency, default: 0] += 1
      count += 1
      sum += Double(latency)
      minimum = min(minimum ?? latency, latency)
      maximum = max(maximum ?? latency, latency)
    }
  }

  /// The thread and the latency of a line; nil for other lines.
  private static func values(_ line: Substring.UTF8View) -> (thread: Int64, latency: Int64)? {
    // Three numbers, blanks before each.
    guard line.count <= 80 else { return nil }
    var numbers: [Int64] = []
    for part in line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      let digits = part.drop { $0 == 32 || $0 == 9 }
      guard numbers.count < 3, let number = Int64(Substring(digits)) else { return nil }
      numbers.append(number)
    }
    guard numbers.count == 3, numbers[0] >= 0, numbers[1] >= 0 else { return nil }
    return (numbers[0], numbers[2])
  }
}
