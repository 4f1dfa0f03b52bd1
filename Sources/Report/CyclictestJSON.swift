public import TraceModel

/// The file of `--json`: the keys of rt-tests.
///
/// rt-tests 2.4 writes two keys with a colon at their end (`"cmdline:"`, `"rt_test_version:"`);
/// readers exist for both spellings, so both are there.
public struct CyclictestJSON: Hashable, Sendable {
  /// The command line, words separated by blanks.
  public var commandLine: String
  /// The version that readers of rt-tests expect (`2.40`).
  public var version: String
  /// Start of the run, in the form of `date -R`.
  public var start: String
  /// End of the run, in the form of `date -R`.
  public var end: String
  /// The exit status.
  public var status: Int32
  /// sysname, nodename, release, version and machine of uname(2).
  public var system: [String]
  /// Whether /sys/kernel/realtime says 1.
  public var isRealtime: Bool
  /// Whether values are in ns.
  public var nanoseconds: Bool
  /// The threads; a histogram that was not asked for is left out.
  public var threads: [ThreadStatistics]
  /// The NUMA node of each thread, -1 for none.
  public var nodes: [Int]

  /// Makes a file's content.
  public init(
    commandLine: String, version: String, start: String, end: String, status: Int32,
    system: [String], isRealtime: Bool, nanoseconds: Bool, threads: [ThreadStatistics],
    nodes: [Int]
  ) {
    self.commandLine = commandLine
    self.version = version
    self.start = start
    self.end = end
    self.status = status
    self.system = system
    self.isRealtime = isRealtime
    self.nanoseconds = nanoseconds
    self.threads = threads
    self.nodes = nodes
  }

  /// The text, in the order and with the indentation of rt-tests.
  public var text: String {
    let keys = ["sysname", "nodename", "release", "version", "machine"]
    let names = zip(keys, system).map { "    \"\($0)\": \(Self.quoted($1)),\n" }.joined()
    let command = Self.quoted(commandLine)
    let release = Self.quoted(version)
    return """
      {
        "file_version": 1,
        "cmdline:": \(command),
        "cmdline": \(command),
        "rt_test_version:": \(release),
        "rt_test_version": \(release),
        "start_time": \(Self.quoted(start)),
        "end_time": \(Self.quoted(end)),
        "return_code": \(status),
        "sysinfo": {
      \(names)    "realtime": \(isRealtime ? 1 : 0)
        },
        "num_threads": \(threads.count),
        "resolution_in_ns": \(nanoseconds ? 1 : 0),
        "thread": {
      \(threads.enumerated().map(entry).joined(separator: ",\n"))
        }
      }

      """
  }

  private func entry(_ position: Int, _ thread: ThreadStatistics) -> String {
    var lines: [String] = []
    if !thread.histogram.isEmpty {
      let rows = thread.histogram.enumerated().filter { $0.element > 0 }
        .map { "        \"\($0.offset)\": \($0.element)" }
      lines.append(
        rows.isEmpty
          ? "      \"histogram\": {      }"
          : "      \"histogram\": {\n\(rows.joined(separator: ",\n"))\n      }")
    }
    lines.append("      \"cycles\": \(thread.cycles)")
    lines.append("      \"min\": \(value(thread.minimum))")
    lines.append("      \"max\": \(value(thread.maximum))")
    lines.append("      \"avg\": \(average(thread))")
    lines.append("      \"cpu\": \(thread.cpu ?? -1)")
    lines.append("      \"node\": \(position < nodes.count ? nodes[position] : -1)")
    return "    \"\(position)\": {\n\(lines.joined(separator: ",\n"))\n    }"
  }

  private func value(_ time: Nanoseconds) -> Int64 {
    nanoseconds ? time.count : time.microseconds
  }

  /// The mean with two decimals.
  private func average(_ thread: ThreadStatistics) -> String {
    guard thread.cycles > 0 else { return "0.00" }
    let unit: Int64 = nanoseconds ? 1 : 1_000
    let scaled = thread.sum.count.multipliedReportingOverflow(by: 100)
    let cycles = Int64(clamping: thread.cycles)
    let hundredths =
      scaled.overflow ? thread.sum.count / cycles / unit * 100 : scaled.partialValue / cycles / unit
    let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
    return "\(hundredths < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }

  /// A JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case let scalar where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
