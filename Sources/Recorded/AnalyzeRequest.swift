public import TraceModel

/// What is to be explained of a recorded trace.
public struct AnalyzeRequest: Hashable, Sendable {
  /// Which task's wakeups; nil for the one that the trace itself points at.
  public var task: TaskSelector?
  /// Only wakeups above it are explained; nil for the worst one.
  public var threshold: Nanoseconds?
  /// The wakeup around this time of the trace clock.
  public var time: Nanoseconds?
  /// Every break or late wakeup of the trace, not only the last or worst.
  public var all = false
  /// The buffer (instance) to look into; nil for all of them, an empty name for the top one.
  public var instance: String?
  /// How many wakeups a search keeps, worst first.
  public var limit = 10
  /// Only what ends on this CPU; nil for all.
  public var cpu: Int?
  /// Only what ends after this time of the trace clock, and begins before `to`.
  public var from: Nanoseconds?
  /// The end of that stretch.
  public var to: Nanoseconds?
  /// Which one of the list of all that is late, from 1 on; nil for what comes first.
  public var number: Int?

  /// Whether only the list of all that is late can answer it.
  var wantsList: Bool { cpu != nil || from != nil || to != nil || number != nil }

  /// The search that is made whatever the trace holds, nil where that depends; `isList` for a table
  /// of wakeups.
  func question(isList: Bool) -> StreamSearch.Question? {
    guard isList || (threshold != nil && time == nil) else { return nil }
    return StreamSearch.Question(task: task, threshold: threshold, limit: limit)
  }

  /// Asks for what the trace itself points at.
  public init() {}
}

/// Names a task by its thread id or its comm.
public enum TaskSelector: Hashable, Sendable {
  /// A thread id.
  case pid(Int32)
  /// A name, whole, at most 15 bytes as the kernel keeps it.
  case comm(String)

  /// Digits are a thread id, everything else is a name.
  public init(_ text: String) {
    if let pid = Int32(text), pid >= 0, text.utf8.first != 43 {
      self = .pid(pid)
    } else {
      self = .comm(String(decoding: text.utf8.prefix(15), as: UTF8.self))
    }
  }

  /// Whether it names the task.
  public func matches(_ task: TaskIdentity) -> Bool {
    switch self {
    case .pid(let pid): task.pid == pid
    case .comm(let comm): task.comm == comm
    }
  }

  /// The thread id or name.
  public var text: String {
    switch self {
    case .pid(let pid): "\(pid)"
    case .comm(let comm): comm
    }
  }
}
