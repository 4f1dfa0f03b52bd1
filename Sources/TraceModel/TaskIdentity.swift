/// A task by thread id and the name that an event's own fields gave it.
public struct TaskIdentity: Hashable, Sendable {
  /// Thread id; 0 is a CPU's idle task. Negative where the source does not report it: -1 for a task
  /// of which nothing is known, less for one that has a name only (a number for each name).
  public var pid: Int32
  /// The task's `comm`, at most 15 bytes; empty where no event reported it.
  public var comm: String

  /// Memberwise.
  public init(pid: Int32, comm: String) {
    self.pid = pid
    self.comm = comm
  }

  /// `comm-pid` as ftrace prints it, `<idle>` for the idle task and `<...>` for a missing name; the
  /// name alone where the number is not known.
  public var text: String {
    if pid == 0 { return "<idle>" }
    if pid < 0 { return comm.isEmpty ? "<...>" : comm }
    return (comm.isEmpty ? "<...>" : comm) + "-\(pid)"
  }

  /// Whether this is a CPU's idle task (`swapper/N`).
  public var isIdle: Bool { pid == 0 }
}
