import Report
import Session
import TraceModel

/// The machine's real-time threads beside breaktrace's own.
enum OtherThreads {
  /// The kernel's and other programs' threads with a real-time priority.
  static func all() -> [PlanTable.Other] {
    let files = SystemFiles()
    return RTThreadCollector(files).collect().compactMap { row in
      guard row.policy.isRealtime, !files.exists("/proc/self/task/\(row.tid)"),
        isKernel(row.tid, files)
      else { return nil }
      return PlanTable.Other(comm: row.comm, tid: row.tid, priority: row.priority)
    }
  }

  /// Whether it is a thread of the kernel: those have no command line.
  private static func isKernel(_ tid: Int32, _ files: SystemFiles) -> Bool {
    (files.bytes("/proc/\(tid)/cmdline", limit: 16) ?? []).isEmpty
  }
}
