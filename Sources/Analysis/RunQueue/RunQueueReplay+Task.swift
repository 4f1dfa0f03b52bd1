extension RunQueueReplay {
  /// What is known of a task.
  struct TaskState {
    var pid: Int32
    var name = TaskName.none
    var formerName = TaskName.none
    /// Start of the wait that goes on; `Int64.min` where it does not wait.
    var waitStart = Int64.min
    /// When it stood on the run queue, 0 where that was not recorded.
    var enqueued: Int64 = 0
    var wakerPid: Int32 = -1
    var wakerName = TaskName.none
    /// 0 task, 1 interrupt, 2 softirq.
    var wakerContext: UInt8 = 0
    var wakerLabel: Int32 = 0
    var cause: UInt8 = 0
    /// CPU whose queue it is on, as far as it is known.
    var queueCPU: Int32 = -1
    /// When it came to `queueCPU`'s queue after a migration.
    var migrations: Int32 = 0
    /// First CPU of the wait and when it left it.
    var firstCPU: Int32 = -1
    var firstCPUEnd: Int64 = 0
    var isRunning = false
    var priority: Int32 = 120
    /// Names that may still come: one for each rename, and for a new task. A task that is preempted
    /// while it renames itself (the event comes before the name) still shows the name before.
    var renames: UInt8 = 1
    var hasEnded = false
    var isWanted = true
    var statistics = LatencyStatistics()
  }
}
