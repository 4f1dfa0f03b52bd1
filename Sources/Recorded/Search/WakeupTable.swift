internal import FoundationEssentials
public import Report
internal import TraceModel

/// The wakeups that a search found, as a table.
public struct WakeupTable: Hashable, Sendable {
  /// The result of the search.
  public var search: WakeupSearch
  /// What was searched for, in words.
  public var title: String

  /// Memberwise.
  public init(_ search: WakeupSearch, title: String) {
    self.search = search
    self.title = title
  }

  /// The table as a document.
  public var document: Document {
    let rows = search.worst.map { wakeup in
      [
        Self.us(wakeup.latency), Self.us(wakeup.waking - wakeup.start),
        Self.us(wakeup.switched - wakeup.waking), Self.seconds(wakeup.start), "\(wakeup.cpu)",
        wakeup.priority.text, wakeup.task.text,
      ]
    }
    typealias Column = Document.Table.Column
    let table = Document.Table(
      columns: [
        Column("us", .right), Column("timer us", .right), Column("switch us", .right),
        Column("begin s", .right), Column("CPU", .right), Column("priority"), Column("task"),
      ], rows: rows)
    return Document(
      subject: "breaktrace: \(title)",
      headline: "\(title): \(search.above) of \(search.wakeups) wakeups",
      sections: rows.isEmpty ? [] : [Document.Section("Worst wakeups", [.table(table)])])
  }

  /// The table as JSON.
  public var json: String {
    get throws(ReportError) {
      let rows = search.worst.map {
        Row(
          task: $0.task.comm, tid: $0.task.pid, priority: $0.priority.value, cpu: $0.cpu,
          start: $0.start, waking: $0.waking, switched: $0.switched, latency: $0.latency,
          timer: $0.isTimer)
      }
      do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let value = List(
          title: title, wakeups: search.wakeups, above: search.above, records: search.records,
          worst: rows)
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
      } catch {
        throw ReportError(
          operation: "write", subject: "the table of wakeups", reason: "\(error)", hint: "")
      }
    }
  }

  private struct List: Encodable {
    var schema = 1
    var title: String
    var wakeups: Int
    var above: Int
    var records: Int
    var worst: [Row]
  }

  private struct Row: Encodable {
    var task: String
    var tid: Int32
    var priority: Int32
    var cpu: Int
    var start: Nanoseconds
    var waking: Nanoseconds
    var switched: Nanoseconds
    var latency: Nanoseconds
    var timer: Bool

    enum CodingKeys: String, CodingKey {
      case task, tid, priority, cpu, timer
      case start = "start_ns"
      case waking = "waking_ns"
      case switched = "switched_ns"
      case latency = "latency_ns"
    }
  }

  /// Microseconds with one digit after the point.
  private static func us(_ time: Nanoseconds) -> String {
    let tenths = time.count.magnitude / 100
    return (time.count < 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
  }

  /// Seconds with microseconds, as trace-cmd prints them.
  private static func seconds(_ time: Nanoseconds) -> String {
    let micros = time.count.magnitude / 1_000
    let rest = "\(micros % 1_000_000)"
    return (time.count < 0 ? "-" : "") + "\(micros / 1_000_000)."
      + String(repeating: "0", count: 6 - rest.count) + rest
  }
}
