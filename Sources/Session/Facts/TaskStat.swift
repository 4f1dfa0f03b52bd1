/// The fields of /proc/PID/task/TID/stat that are needed here.
struct TaskStat {
  var tid: Int32
  var comm: String
  var state: String
  var minorFaults: UInt64
  var majorFaults: UInt64
  var cpu: Int?
  var priority: Int32
  var policy: Int32

  /// nil where the line is not such a line; the name may hold any character, brackets included.
  init?(_ text: String) {
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close,
      let tid = Int32(SystemFiles.trim(text[..<open]))
    else { return nil }
    self.tid = tid
    comm = String(text[text.index(after: open)..<close])
    // Field 3 of proc(5) is the first after the name.
    let fields = SystemFiles.fields(text[text.index(after: close)...])
    func field(_ number: Int) -> Substring? {
      number - 3 < fields.count ? fields[number - 3] : nil
    }
    guard let state = field(3), let minor = field(10).flatMap({ UInt64($0) }),
      let major = field(12).flatMap({ UInt64($0) }),
      let priority = field(40).flatMap({ Int32($0) }), let policy = field(41).flatMap({ Int32($0) })
    else { return nil }
    guard (0...99).contains(priority) else { return nil }
    self.state = String(state)
    minorFaults = minor
    majorFaults = major
    cpu = field(39).flatMap { Int($0) }
    self.priority = priority
    self.policy = policy
  }
}
