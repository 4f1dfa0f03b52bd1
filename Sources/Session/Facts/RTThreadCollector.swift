public import Report
import TraceModel

/// Lists the machine's real-time and deadline threads.
public struct RTThreadCollector: Sendable {
  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// The threads, the most urgent first, equal ones by thread id.
  public func collect() -> [RTThreadRow] {
    var rows: [RTThreadRow] = []
    for process in files.names("/proc") where process.first?.isNumber ?? false {
      for thread in files.names("/proc/\(process)/task") {
        guard let text = files.text("/proc/\(process)/task/\(thread)/stat", limit: 4_096),
          let stat = TaskStat(text), let policy = SchedulingPolicy(number: stat.policy),
          policy.isRealtime || policy == .deadline
        else { continue }
        rows.append(
          RTThreadRow(
            tid: stat.tid, state: stat.state, priority: stat.priority, policy: policy,
            cpu: stat.cpu, comm: stat.comm))
      }
    }
    return rows.sorted {
      let (a, b) = (urgency($0), urgency($1))
      return a != b ? a < b : $0.tid < $1.tid
    }
  }

  private func urgency(_ row: RTThreadRow) -> KernelPriority {
    KernelPriority(policy: row.policy, priority: row.priority)
  }
}
