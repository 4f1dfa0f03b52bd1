/// Kinds of kernel functions that a latency tracer's section begins or ends in.
enum KernelNames {
  /// Functions that are never the cause: locks, interrupt enabling and entry code, tracers, the scheduler.
  static func isHelper(_ name: String) -> Bool {
    helpers.contains(name) || prefixes.contains { name.hasPrefix($0) } || isInterruptEntry(name)
  }

  /// Entry of an interrupt: what runs behind it is a handler.
  static func isInterruptEntry(_ name: String) -> Bool {
    name.hasPrefix("sysvec_") || name.hasPrefix("asm_sysvec_") || name.hasPrefix("__sysvec_")
      || entries.contains(name)
  }

  /// The name of a vector by its entry function (`sysvec_apic_timer_interrupt` is `local_timer`).
  static func vector(_ name: String) -> String {
    var name = name
    for prefix in ["asm_", "__", "sysvec_"] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    return name == "apic_timer_interrupt" ? "local_timer" : name
  }

  /// The scheduler's own way.
  static func isScheduler(_ name: String) -> Bool {
    name == "schedule" || name == "__schedule" || name.hasPrefix("preempt_schedule")
      || name.hasPrefix("finish_task_switch") || name == "schedule_idle"
      || name == "schedule_rtlock"
  }

  private static let entries: Set<String> = [
    "irqentry_enter", "common_interrupt", "asm_common_interrupt", "apic_timer_interrupt",
    "ret_from_intr", "__irq_svc", "__irq_usr", "el1_irq", "el0_irq", "el1h_64_irq",
    "el0t_64_irq", "do_IRQ", "irq_enter_rcu", "irqentry_nmi_enter",
  ]

  private static let prefixes = [
    "_raw_spin_", "_raw_read_", "_raw_write_", "tracer_", "trace_", "__trace_", "ftrace_",
    "preempt_count_", "local_irq_", "rcu_read_", "__rcu_read_", "asm_", "preempt_schedule",
    "finish_task_switch", "__traceiter_", "sched_clock", "native_sched_clock", "ktime_get",
    "trace_hardirqs_", "stop_critical_timing", "start_critical_timing", "check_critical_timing",
    "entry_SYSCALL",
  ]

  private static let helpers: Set<String> = [
    "schedule", "__schedule", "irqentry_exit", "syscall_exit_to_user_mode", "do_syscall_64",
    "exit_to_user_mode_loop", "return_to_handler", "irq_exit_rcu", "local_clock",
    "__local_bh_enable_ip",
    "kthread_should_stop", "x64_sys_call", "rt_spin_unlock", "migrate_enable", "migrate_disable",
    "exit_to_user_mode_prepare", "raw_local_irq_restore", "irqentry_exit_to_user_mode",
    "kthread", "ret_from_fork", "ret_from_fork_asm", "native_irq_return_iret",
  ]
}
