import CRealtime
import Analysis
import Glibc
import Report
import Session
import TraceModel

/// Writes the rows of `runq` as they come.
final class RunqPrinter {
  /// How a stamp of the trace becomes the first column.
  enum Clock {
    /// The wall clock: its distance to the trace clock in ns.
    case offset(Int64)
    /// Seconds of the trace clock.
    case trace

    /// The distance between the wall clock and CLOCK_MONOTONIC now.
    static func wall() -> Clock {
      var mono = timespec()
      var real = timespec()
      clock_gettime(CLOCK_MONOTONIC, &mono)
      clock_gettime(CLOCK_REALTIME, &real)
      return .offset(
        Int64(real.tv_sec - mono.tv_sec) * 1_000_000_000 + Int64(real.tv_nsec - mono.tv_nsec))
    }

    func text(_ time: Nanoseconds) -> String {
      func two(_ number: some BinaryInteger) -> String { number < 10 ? "0\(number)" : "\(number)" }
      switch self {
      case .offset(let offset):
        var seconds = time_t((time.count &+ offset) / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
      case .trace:
        let milliseconds = String(time.count / 1_000_000 % 1_000)
        return "\(time.count / 1_000_000_000)."
          + String(repeating: "0", count: max(0, 3 - milliseconds.count)) + milliseconds
      }
    }
  }

  private let format: LineFormat
  private let work: String?
  private let softirq: Bool
  private let threshold: Nanoseconds
  private let isTop: Bool
  private let clock: Clock
  private var rows = 0
  private var warned = 0
  private var hasBegun = false

  init(
    format: LineFormat, work: String?, softirq: Bool, threshold: Nanoseconds, isTop: Bool,
    clock: Clock
  ) {
    self.format = format
    self.work = work
    self.softirq = softirq
    self.threshold = threshold
    self.isTop = isTop
    self.clock = clock
  }

  /// The observer that writes through this.
  var observer: RunQueueObserver {
    RunQueueObserver(
      started: { [self] in begin() },
      waits: { [self] in waits($0) }, deferred: { [self] in deferred($0) },
      warnings: { [self] in warnings($0) }, progress: { [self] in table($0) },
      remark: { Console.error("breaktrace: \($0)") })
  }

  /// The column titles; only where nothing is refused any more.
  func begin() {
    guard !hasBegun, format == .text, !isTop else { return }
    hasBegun = true
    Console.output(RunQueueText.header + "\n")
  }

  private func waits(_ waits: [RunQueueWait]) {
    guard work == nil, !isTop else { return }
    rows += waits.count
    write(waits, { RunQueueText.row($0, time: clock.text($0.span.end)) }) {
      (wait) throws(ReportError) in try RunQueueJSON.line(wait)
    }
  }

  private func deferred(_ items: [DeferredWait]) {
    let wanted = items.filter { item in
      guard item.latency >= threshold else { return false }
      switch item.kind {
      case .work: return work.map { Glob.matches($0, item.name) } ?? false
      case .softirq: return softirq
      }
    }
    guard !isTop else { return }
    rows += wanted.count
    write(wanted, { RunQueueText.row($0, time: clock.text($0.started)) }) {
      (wait) throws(ReportError) in try RunQueueJSON.line(wait)
    }
  }

  private func write<Row>(
    _ rows: [Row], _ text: (Row) -> String, _ json: (Row) throws(ReportError) -> String
  ) {
    guard !rows.isEmpty else { return }
    begin()
    var output = ""
    for row in rows {
      switch format {
      case .text: output += text(row) + "\n"
      case .json: output += (try? json(row)) ?? ""
      }
    }
    Console.output(output)
  }

  private func warnings(_ warnings: [IdentityWarning]) {
    for warning in warnings where warned < 10 {
      warned += 1
      Console.error("breaktrace: warning: \(warning.text)")
      if warned == 10 { Console.error("breaktrace: warning: more such threads are not listed") }
    }
    if format == .json {
      write(warnings, { $0.text }) { (warning) throws(ReportError) in
        try RunQueueJSON.line(warning)
      }
    }
  }

  private func table(_ summary: RunQueueSummary) {
    guard isTop else { return }
    // Home and clear below, as top(1) does.
    let clear = Console.isTerminal ? "\u{1b}[H\u{1b}[J" : ""
    Console.output(clear + RunQueueText.summary(summary, limit: 15))
  }

  func end(_ summary: RunQueueSummary) -> ExitStatus {
    begin()
    switch format {
    case .text: Console.output(RunQueueText.summary(summary))
    case .json:
      write([summary], { _ in "" }) { (row) throws(ReportError) in try RunQueueJSON.line(row) }
    }
    for leftover in summary.leftovers { Console.error("breaktrace: not restored: \(leftover)") }
    return summary.leftovers.isEmpty ? .success : .failure
  }
}
