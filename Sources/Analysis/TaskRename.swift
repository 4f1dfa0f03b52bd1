import TraceModel

/// The fields of task:task_rename: a task took another name.
struct TaskRename {
  var pid: Int32
  var old: String
  var new: String

  /// nil for any other event, and where a field is missing.
  init?(_ event: OtherEvent) {
    guard event.name == "task_rename", event.system.isEmpty || event.system == "task" else {
      return nil
    }
    func field(_ name: String) -> String? { event.fields.first { $0.name == name }?.value }
    guard let pid = field("pid").flatMap({ Int32($0) }), let old = field("oldcomm"),
      let new = field("newcomm")
    else { return nil }
    self.pid = pid
    self.old = old
    self.new = new
  }
}
