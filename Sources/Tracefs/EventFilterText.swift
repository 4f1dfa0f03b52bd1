/// Texts of event filters and of triggers' conditions.
public enum EventFilterText {
  /// The longest filter that the kernel takes, in bytes: one page with the end mark.
  public static let limit = 4_095

  /// The condition that an event is about one of `tids`.
  ///
  /// Numbers that follow each other become a range, which the kernel evaluates faster and which
  /// keeps the text short. Beyond `limit` the condition is by name, else nil: no condition at all
  /// would be wrong.
  ///
  /// - Parameters:
  ///   - tids: The tasks; an empty list gives nil.
  ///   - field: The event's field with the task's id: `pid`, `common_pid`.
  ///   - comm: The tasks' name, a glob (`measure*`) is allowed.
  ///   - commField: The event's field with the name; `COMM` is the name of the task that is current
  ///     at the event.
  ///   - limit: Bytes that the condition may have.
  public static func tasks(
    _ tids: [Int32], field: String, comm: String? = nil, commField: String = "COMM",
    limit: Int = limit
  ) -> String? {
    let sorted = Set(tids).sorted()
    guard !sorted.isEmpty else { return nil }
    var parts: [String] = []
    var index = 0
    while index < sorted.count {
      var last = index
      while last + 1 < sorted.count, sorted[last + 1] == sorted[last] + 1 { last += 1 }
      if last - index >= 2 {
        parts.append("(\(field)>=\(sorted[index])&&\(field)<=\(sorted[last]))")
      } else {
        parts += sorted[index...last].map { "\(field)==\($0)" }
      }
      index = last + 1
    }
    let text = parts.joined(separator: "||")
    if text.utf8.count <= limit { return text }
    guard let comm, !comm.utf8.contains(0x22) else { return nil }
    return "\(commField)\(comm.contains("*") ? "~" : "==")\"\(comm)\""
  }
}
