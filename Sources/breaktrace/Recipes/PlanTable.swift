/// The table of an application's threads: name, latency constraint, priority.
struct PlanTable: Hashable, Sendable {
  /// One thread of the application.
  struct Row: Hashable, Sendable {
    /// Its name.
    var thread: String
    /// How late it may be.
    var constraint: LatencyConstraint
    /// The application's real-time priority, 1...98.
    var priority: Int32
    /// The line of the file, from 1.
    var line: Int
  }

  /// The rows in the order of the file, at least one.
  var rows: [Row]

  /// Reads the text of a file; `name` is used in messages.
  ///
  /// A line has the thread, the constraint and the priority, divided by blanks or `|`; `#` starts a
  /// comment.
  init(_ text: String, name: String) throws(UsageError) {
    rows = []
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (number, line) in lines.enumerated() {
      let content = line.prefix { $0 != "#" }
      if content.allSatisfy(\.isWhitespace) { continue }
      rows.append(try Self.row(content, line: number + 1, "\(name):\(number + 1)"))
    }
    guard !rows.isEmpty else {
      throw UsageError(name, "contains no thread", hint: Self.form)
    }
    guard rows.count <= 1_000 else { throw UsageError(name, "contains more than 1000 threads") }
  }

  private static let form =
    "a line is `THREAD never above N us PRIORITY` or `THREAD at most P % above N us PRIORITY`"

  private static func row(
    _ content: Substring, line: Int, _ place: String
  ) throws(UsageError) -> Row {
    let fields: [String]
    if content.contains("|") {
      fields = content.split(separator: "|").map { words($0) }.filter { !$0.isEmpty }
    } else {
      let parts = content.split(whereSeparator: \.isWhitespace).map(String.init)
      guard parts.count >= 3, let first = parts.first, let last = parts.last else {
        throw UsageError(place, "'\(words(content))' is not a thread", hint: form)
      }
      fields = [first, parts.dropFirst().dropLast().joined(separator: " "), last]
    }
    guard fields.count == 3 else {
      throw UsageError(place, "has \(fields.count) fields instead of 3", hint: form)
    }
    guard let constraint = LatencyConstraint(fields[1]) else {
      throw UsageError(place, "'\(fields[1])' is not a constraint", hint: form)
    }
    guard let priority = Int32(fields[2]), (1...99).contains(priority) else {
      throw UsageError(
        place, "'\(fields[2])' is not a real-time priority from 1 to 98", hint: form)
    }
    guard priority < 99 else {
      throw UsageError(
        place, "no priority above 99 is available for the measurement",
        hint: "give the application at most 98")
    }
    return Row(thread: fields[0], constraint: constraint, priority: priority, line: line)
  }

  private static func words(_ text: Substring) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// A thread of the machine that is not the application's.
  struct Other: Hashable, Sendable {
    var comm: String
    var tid: Int32
    var priority: Int32
  }

  /// What the priorities of other real-time threads do to the runs, one line each.
  ///
  /// A run measures at priority + 1: a thread between two rows delays the lower one and its run;
  /// one at the application's own priority delays the application but not the run.
  func warnings(_ others: [Other]) -> [String] {
    let measured = Set(rows.map { $0.priority + 1 })
    let own = Set(rows.map(\.priority))
    let lowest = own.min() ?? 0
    let highest = own.max() ?? 0
    let groups = Dictionary(grouping: others, by: \.priority)
    return groups.sorted { $0.key > $1.key }.compactMap { priority, threads in
      let names = Self.names(threads)
      if own.contains(priority) {
        return
          "priority \(priority): \(names) have the same priority as the application; they delay it, but "
          + "not the run at \(priority + 1), whose result is too good"
          + (measured.contains(priority) ? "; they also delay the run of a lower thread" : "")
      }
      if measured.contains(priority) {
        return
          "priority \(priority): \(names) have the same priority as the measurement; each delays the "
          + "other"
      }
      if priority > lowest + 1, priority < highest + 1 {
        return
          "priority \(priority): \(names) lie between the rows; they delay the threads and runs below "
          + "\(priority), but not those above"
      }
      return nil
    }
  }

  private static func names(_ threads: [Other]) -> String {
    let sorted = Set(threads.map(\.comm)).sorted()
    let shown = sorted.prefix(4).joined(separator: ", ")
    return sorted.count > 4 ? shown + " and \(sorted.count - 4) more" : shown
  }
}
