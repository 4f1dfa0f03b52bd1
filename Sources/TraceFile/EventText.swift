internal import TraceModel

/// Reads what an event says from its text, as the kernel or trace-cmd prints it.
///
/// Every function gives nil where the text is not of the form it knows; the event is kept as text
/// then.
struct EventText {
  /// A task's state by the letters of sched_switch; a plus means that it still wanted the CPU.
  static func state(_ bytes: RawSpan, _ range: Range<Int>) -> TaskState? {
    guard let last = range.last else { return nil }
    if bytes.byte(last) == 43 { return .preempted }
    if range.count == 1 {
      switch bytes.byte(range.lowerBound) {
      case 82, 48: return .runnable
      case 49: return .blocked("S")
      case 50: return .blocked("D")
      default: break
      }
    }
    return .blocked(bytes.string(range))
  }

  static func switched(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard bytes.matches("prev_comm=", at: range.lowerBound, range.upperBound) else {
      return switchedTraceCmd(bytes, range)
    }
    let end = range.upperBound
    let comm = range.lowerBound + 10
    // A comm may hold blanks and equal signs, so the fields are found one after the other.
    guard let pidKey = bytes.find(" prev_pid=", comm, end),
      let nextKey = bytes.find(" next_comm=", pidKey, end),
      let nextPid = bytes.findLast(" next_pid=", nextKey, end),
      let pid = bytes.number("prev_pid=", pidKey..<nextKey),
      let priority = bytes.number("prev_prio=", pidKey..<nextKey),
      let state = bytes.value("prev_state=", pidKey..<nextKey).flatMap({ state(bytes, $0) }),
      let next = bytes.number("next_pid=", nextPid..<end),
      let nextPriority = bytes.number("next_prio=", nextPid..<end)
    else { return nil }
    return .switched(
      SwitchEvent(
        previous: task(bytes, comm..<pidKey, pid), previousPriority: self.priority(priority),
        previousState: state, next: task(bytes, nextKey + 11..<nextPid, next),
        nextPriority: self.priority(nextPriority)))
  }

  /// `COMM:PID [PRIO] STATE ==> COMM:PID [PRIO]`
  private static func switchedTraceCmd(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let arrow = bytes.find(" ==> ", range.lowerBound, range.upperBound) else { return nil }
    var word = arrow
    while word > range.lowerBound, !RawSpan.isBlank(bytes.byte(word - 1)) { word -= 1 }
    let left = range.lowerBound..<bytes.trimEnd(range.lowerBound, word)
    guard let state = state(bytes, word..<arrow), let previous = bracketed(bytes, left),
      let next = bracketed(
        bytes, arrow + 5..<bytes.trimEnd(arrow + 5, range.upperBound))
    else { return nil }
    return .switched(
      SwitchEvent(
        previous: previous.task, previousPriority: previous.priority, previousState: state,
        next: next.task, nextPriority: next.priority))
  }

  /// `COMM:PID [PRIO]` that fills the range.
  private static func bracketed(
    _ bytes: RawSpan, _ range: Range<Int>
  ) -> (task: TaskIdentity, priority: KernelPriority)? {
    guard range.count > 4, bytes.byte(range.upperBound - 1) == 93,
      let open = bytes.findLast(" [", range.lowerBound, range.upperBound),
      let value = bytes.integer(open + 2..<range.upperBound - 1),
      let colon = bytes.findLast(":", range.lowerBound, open),
      let pid = bytes.integer(colon + 1..<open)
    else { return nil }
    return (task(bytes, range.lowerBound..<colon, pid), priority(value))
  }

  static func wake(_ bytes: RawSpan, _ range: Range<Int>) -> WakeEvent? {
    if bytes.matches("comm=", at: range.lowerBound, range.upperBound) {
      guard let key = bytes.find(" pid=", range.lowerBound, range.upperBound),
        let pid = bytes.number("pid=", key..<range.upperBound),
        let priority = bytes.number("prio=", key..<range.upperBound)
      else { return nil }
      let cpu = bytes.number("target_cpu=", key..<range.upperBound) ?? -1
      return WakeEvent(
        task: task(bytes, range.lowerBound + 5..<key, pid), priority: self.priority(priority),
        targetCPU: Int(cpu))
    }
    // trace-cmd: `COMM:PID [PRIO]<CPU:001>`, `COMM:PID [PRIO] success=1 CPU:002`.
    guard let close = bytes.findLast("]", range.lowerBound, range.upperBound),
      let waked = bracketed(bytes, range.lowerBound..<close + 1)
    else { return nil }
    let cpu = bytes.find("CPU:", close, range.upperBound).flatMap {
      bytes.decimal($0 + 4, range.upperBound)
    }
    return WakeEvent(
      task: waked.task, priority: waked.priority,
      targetCPU: cpu.map { Int(clamping: $0.value) } ?? -1)
  }

  static func migrate(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let task = commAndPid(bytes, range), let value = bytes.number("prio=", range),
      let from = bytes.number("orig_cpu=", range), let to = bytes.number("dest_cpu=", range)
    else { return nil }
    return .migrate(task: task, priority: priority(value), from: Int(from), to: Int(to))
  }

  static func prioritySet(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let task = commAndPid(bytes, range), let old = bytes.number("oldprio=", range),
      let new = bytes.number("newprio=", range)
    else { return nil }
    return .prioritySet(task: task, old: priority(old), new: priority(new))
  }

  private static func commAndPid(_ bytes: RawSpan, _ range: Range<Int>) -> TaskIdentity? {
    guard let comm = bytes.value("comm=", until: " pid=", range),
      let pid = bytes.number("pid=", comm.upperBound..<range.upperBound)
    else { return nil }
    return task(bytes, comm, pid)
  }

  /// The greatest number that a kernel gives to a task (PID_MAX_LIMIT); another one is not known.
  static let highestPid: Int64 = 4_194_304

  private static func task(_ bytes: RawSpan, _ comm: Range<Int>, _ pid: Int64) -> TaskIdentity {
    TaskIdentity(
      pid: pid >= 0 && pid <= highestPid ? Int32(truncatingIfNeeded: pid) : -1,
      comm: bytes.string(comm))
  }

  /// A number that no kernel gives to a task is not known; cut to 32 bits it could look like a
  /// deadline task's.
  private static func priority(_ value: Int64) -> KernelPriority {
    Int32(exactly: value).flatMap { KernelPriority($0).known } ?? .unknown
  }
}
