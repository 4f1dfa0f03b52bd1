/// The events by which a late wakeup is explained; every one costs the observed system little.
public enum CoreEvents {
  /// The event that fires the stack trigger.
  public static let waking = EventName("sched", "sched_waking")

  /// Events without which nothing can be explained.
  static let required: [EventName] = [EventName("sched", "sched_switch"), waking]

  /// Events that are enabled where the kernel has them.
  static let wanted: [EventName] =
    names(
      "sched", "sched_wakeup", "sched_wakeup_new", "sched_migrate_task", "sched_pi_setprio")
    + names(
      "irq", "irq_handler_entry", "irq_handler_exit", "softirq_raise", "softirq_entry",
      "softirq_exit")
    + ofArchitecture
    + names(
      "timer", "hrtimer_start", "hrtimer_cancel", "hrtimer_expire_entry", "hrtimer_expire_exit")
    + names("power", "cpu_idle", "cpu_frequency")
    + names(
      "workqueue", "workqueue_queue_work", "workqueue_activate_work", "workqueue_execute_start",
      "workqueue_execute_end")
    + names("nmi", "nmi_handler")
    + names("ipi", "ipi_send_cpu", "ipi_send_cpumask")
    + names("task", "task_rename")
    + names("csd", "csd_function_entry", "csd_function_exit")

  /// Interrupts that irq:irq_handler_entry does not report: each architecture has its own events
  /// for them.
  #if arch(x86_64) || arch(i386)
    static let ofArchitecture = [
      "local_timer", "reschedule", "call_function", "call_function_single", "irq_work",
      "thermal_apic",
    ].flatMap { names("irq_vectors", "\($0)_entry", "\($0)_exit") }
  #else
    static let ofArchitecture = names("ipi", "ipi_raise", "ipi_entry", "ipi_exit")
  #endif

  /// Events of which only those of the measured tasks are wanted.
  static let ofMeasuredTasks: [EventName] =
    names("exceptions", "page_fault_user", "page_fault_kernel")
    + names("syscalls", "sys_exit_clock_nanosleep")

  /// The requests of a plan.
  ///
  /// - Parameters:
  ///   - tids: The measured threads; page faults and the return from clock_nanosleep are enabled
  ///     for them alone.
  ///   - comm: Their name, in place of the tids where these are too many for a filter.
  public static func list(tids: [Int32], comm: String? = nil) -> [ArmingPlan.Event] {
    var events = required.map { ArmingPlan.Event($0, isRequired: true) }
    events += wanted.map { ArmingPlan.Event($0) }
    if let filter = EventFilterText.tasks(tids, field: "common_pid", comm: comm) {
      events += ofMeasuredTasks.map { ArmingPlan.Event($0, filter: filter) }
    }
    return events
  }

  private static func names(_ system: String, _ names: String...) -> [EventName] {
    names.map { EventName(system, $0) }
  }
}
