public import Analysis
internal import TraceModel

/// Run-queue waits as lines that begin with runqslower's columns.
public enum RunQueueText {
  /// The column titles.
  public static let header =
    "TIME     COMM             TID           LAT(us) CPU  PRIO     WAITED BEHIND"

  /// One wait; `time` is the wall clock's time of its end, `HH:MM:SS`.
  public static func row(_ wait: RunQueueWait, time: String) -> String {
    let cause: String
    switch wait.cause {
    case .woken: cause = wait.waker.map { "woken by \(Printable.text($0.text))" } ?? "woken"
    case .preempted: cause = "preempted"
    case .new: cause = wait.waker.map { "new, created by \(Printable.text($0.text))" } ?? "new"
    }
    var text = columns(time, wait.task.comm, wait.task.pid, wait.latency)
    text += " " + Quantity.pad("\(wait.cpu)", 4) + " " + Quantity.pad(wait.priority.text, 8)
    text += " " + behind(wait.behind) + "; " + cause
    if wait.migrations > 0 { text += ", migrated \(Quantity.count(wait.migrations, "time"))" }
    return text
  }

  /// A work item or softirq in the same columns: the name is the function's or the vector's, the
  /// thread is who ran it.
  public static func row(_ wait: DeferredWait, time: String) -> String {
    var text = columns(time, wait.name, wait.runner.pid, wait.latency)
    text += " " + Quantity.pad("\(wait.cpu)", 4) + " " + Quantity.pad(wait.kind.rawValue, 8)
    let ran = wait.functions.isEmpty ? "" : "; ran " + behind(Array(wait.functions.prefix(3)))
    return text + " " + division(wait) + ran
  }

  /// How a work item's or softirq's latency divides, in words.
  static func division(_ wait: DeferredWait) -> String {
    let runner = Printable.text(wait.runner.text)
    var parts: [String] = []
    func add(_ time: Nanoseconds, _ words: String) {
      if time.count >= 1_000 { parts.append("\(us(time)) us \(words)") }
    }
    add(wait.parts.inactive, "not active")
    add(wait.parts.noWorker, wait.kind == .work ? "no worker awake" : "before it could start")
    let before = wait.before.isEmpty ? "" : " (\(behind(wait.before)))"
    add(wait.parts.otherWork, "other work of \(runner)\(before)")
    let behind = wait.behind.isEmpty ? "" : " behind \(behind(wait.behind))"
    let cpu = wait.waitedCPU ?? wait.cpu
    add(wait.parts.waitedForCPU, "\(runner) waited for CPU \(cpu)\(behind)")
    return parts.isEmpty ? "at once" : parts.joined(separator: ", ")
  }

  private static func columns(
    _ time: String, _ name: String, _ tid: Int32, _ latency: Nanoseconds
  ) -> String {
    Quantity.pad(time, 8) + " " + Quantity.pad(Printable.text(name), 16) + " "
      + Quantity.pad("\(tid)", 6) + " " + Quantity.pad(us(latency), 14, right: true)
  }

  /// What a task waited behind: `hog-12 14.1 ms, irq local_timer 12 us x3`.
  static func behind(_ entries: [BehindEntry]) -> String {
    if entries.isEmpty { return "(not recorded)" }
    return entries.map { entry in
      var text = Printable.text(entry.text) + " " + span(entry.net)
      if entry.count > 1, entry.kind != .others { text += " x\(entry.count)" }
      return text
    }.joined(separator: ", ")
  }

  /// `12 us` below 10 ms, `14.4 ms` above.
  static func span(_ time: Nanoseconds) -> String {
    time.count.magnitude < 10_000_000
      ? "\(us(time)) us" : milliseconds(time)
  }

  /// Whole us, rounded to nearest.
  static func us(_ time: Nanoseconds) -> String { "\((time + Nanoseconds(500)).microseconds)" }

  /// Milliseconds with three decimals below 10 ms and one above.
  static func milliseconds(_ time: Nanoseconds) -> String {
    let microseconds =
      time.count.magnitude < 10_000_000
      ? (time + Nanoseconds(500)).microseconds
      : (time + Nanoseconds(50_000)).count / 100_000 * 100
    let digits = String(microseconds.magnitude % 1_000)
    let fraction = String(repeating: "0", count: 3 - digits.count) + digits
    return "\(microseconds / 1_000)."
      + (time.count.magnitude < 10_000_000 ? fraction : String(fraction.prefix(1))) + " ms"
  }

  // MARK: the end

  /// The summary that ends a recording; `limit` tasks at most.
  public static func summary(_ summary: RunQueueSummary, limit: Int = 20) -> String {
    var lines = [""]
    let seconds = Quantity.seconds(summary.duration).prefix { $0 != "." }
    lines.append(
      "\(Quantity.count(summary.total.count, "wait")) in \(seconds) s,"
        + " \(summary.switches) switches,"
        + " \(Quantity.count(summary.events, "event"))")
    lines += table("TASK", summary.tasks, limit)
    lines += table("CPU", summary.cpus, .max)
    lines += table("WORK AND SOFTIRQS", summary.functions, limit)
    lines += histogram(summary.histogram)
    lines += losses(summary)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func table(_ title: String, _ rows: [RunQueueSummary.Row], _ limit: Int)
    -> [String]
  {
    guard !rows.isEmpty else { return [] }
    var lines = [
      "",
      Quantity.pad(title, 26)
        + ["COUNT", "AVG(us)", "P50(us)", "P99(us)", "MAX(us)"].map {
          Quantity.pad($0, 11, right: true)
        }.joined(),
    ]
    for row in rows.prefix(limit) {
      let name = Printable.text(row.name) + (row.tid.map { "-\($0)" } ?? "")
      let numbers = [
        "\(row.statistics.count)", us(row.statistics.average),
        us(row.statistics.percentile(0.5)), us(row.statistics.percentile(0.99)),
        us(row.statistics.maximum),
      ]
      lines.append(
        Quantity.pad(name, 26)
          + numbers.map { Quantity.pad($0, 11, right: true) }.joined())
    }
    if rows.count > limit { lines.append("… and \(rows.count - limit) more") }
    return lines
  }

  /// Powers of two of a us with bars.
  private static func histogram(_ histogram: OctaveHistogram) -> [String] {
    let rows = histogram.rows
    guard let most = rows.map(\.count).max(), most > 0 else { return [] }
    return ["", "          us : count"]
      + rows.map { row in
        let bar = Int(row.count * 40 / most)
        return Quantity.pad("\(row.from) -> \(row.to - 1)", 20) + " : "
          + Quantity.pad("\(row.count)", 9) + " |" + String(repeating: "*", count: bar)
      }
  }

  /// What is missing or was left out, one line each.
  public static func losses(_ summary: RunQueueSummary) -> [String] {
    var lines = [""]
    if summary.lostMarks > 0 {
      var line =
        "LOST: \(Quantity.count(summary.lostEvents, "event")) in"
        + " \(Quantity.count(summary.lostMarks, "gap"));"
        + " dropped \(Quantity.count(summary.droppedWaits, "wait")) across them"
      if let buffer = summary.bufferKilobytes, let needed = summary.neededKilobytes {
        line += "; the buffer had \(buffer) KiB per CPU, try --buffer \(needed)"
      } else if summary.leftOutBelow != nil {
        line +=
          "; too many waits for the filter in the kernel, try a higher --threshold or --filter-in pages"
      }
      lines.append(line)
      if summary.leftOutBelow == nil, let pace = summary.pace {
        lines += ReaderPaceText.lines(pace)
      }
    } else {
      lines.append("No events were lost.")
    }
    if let limit = summary.leftOutBelow {
      lines.append(
        "Waits below \(us(limit)) us were filtered in the kernel and are not counted"
          + " (--filter-in pages counts all)")
    }
    if summary.missedByFilter > 0 {
      lines.append(
        "LOST: the filter in the kernel missed \(Quantity.count(summary.missedByFilter, "wait"))")
    }
    if summary.rowsWithoutDetails > 0 {
      lines.append(
        "\(Quantity.count(summary.rowsWithoutDetails, "row")) without what ran meanwhile, because the"
          + " events were overwritten; try a larger --buffer")
    }
    if summary.unrecordedSwitches > 0 {
      lines.append(
        "\(summary.unrecordedSwitches) switches were not recorded by the kernel"
          + " (usually out of idle); waits that they end are reported as far as they are proven")
    }
    if summary.damagedPages > 0 {
      lines.append("\(Quantity.count(summary.damagedPages, "page")) could not be read completely")
    }
    if summary.shortenedLists > 0 {
      lines.append(
        "\(Quantity.count(summary.shortenedLists, "row")) list only the latest users of the CPU, because the reader was too slow"
      )
    }
    return lines
  }
}
