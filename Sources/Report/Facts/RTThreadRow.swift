public import TraceModel

/// A real-time or deadline thread of the machine, as /proc/PID/task/TID/stat reports it.
public struct RTThreadRow: Codable, Hashable, Sendable {
  /// Thread id.
  public var tid: Int32
  /// The kernel's letter for its state.
  public var state: String
  /// Real-time priority 1...99, 0 for a deadline thread.
  public var priority: Int32
  /// `fifo`, `rr` or `deadline`.
  public var policy: SchedulingPolicy
  /// The CPU it last ran on.
  public var cpu: Int?
  /// Its name.
  public var comm: String

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    tid: Int32, state: String, priority: Int32, policy: SchedulingPolicy, cpu: Int? = nil,
    comm: String
  ) {
    self.tid = tid
    self.state = state
    self.priority = priority
    self.policy = policy
    self.cpu = cpu
    self.comm = comm
  }

  /// The class as ps(1) abbreviates it.
  public var classLetters: String {
    switch policy {
    case .fifo: "FF"
    case .rr: "RR"
    case .deadline: "DLN"
    case .other: "TS"
    case .batch: "B"
    case .idle: "IDL"
    }
  }
}
