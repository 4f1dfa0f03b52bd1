/// The numbers of a sched_waking, sched_wakeup or sched_wakeup_new record.
@frozen public struct WakeFields: Hashable, Sendable {
  /// The woken task.
  public let pid: Int32
  /// Its kernel priority.
  public let priority: Int32
  /// `target_cpu`; in sched_waking the CPU where the task last ran.
  public let targetCPU: Int32

  @inlinable init(pid: Int32, priority: Int32, targetCPU: Int32) {
    self.pid = pid
    self.priority = priority
    self.targetCPU = targetCPU
  }
}
