import TraceModel

/// Kinds of kernel functions by name: which are entries, helpers and lock primitives.
///
/// Names as of Linux 5.4 to 6.18 on x86 and arm64.
enum KernelFunctions {
  /// The outermost function of an interrupt's or exception's stack.
  static func isInterruptEntry(_ name: String) -> Bool {
    name.hasPrefix("asm_sysvec_") || name.hasPrefix("asm_common_interrupt")
      || name.hasPrefix("el1h_64_irq") || name.hasPrefix("el0t_64_irq") || entries.contains(name)
  }

  private static let entries: Set<String> = [
    "ret_from_intr", "common_interrupt", "apic_timer_interrupt", "reschedule_interrupt",
    "call_function_single_interrupt", "el1_irq", "el0_irq", "__irq_svc", "__irq_usr",
    "asm_exc_nmi",
  ]

  /// A function on an interrupt's way in, where a latency tracer's section begins: what runs in it
  /// is a handler.
  ///
  /// Wider than `isInterruptEntry`: some of these are called by exceptions too, so none of them
  /// marks the outermost frame of an interrupt in a stack.
  static func isInterruptPath(_ name: String) -> Bool {
    isInterruptEntry(name) || name.hasPrefix("sysvec_") || name.hasPrefix("__sysvec_")
      || interruptPath.contains(name)
  }

  private static let interruptPath: Set<String> = [
    "irqentry_enter", "irqentry_nmi_enter", "irq_enter_rcu", "irq_enter", "do_IRQ",
    "interrupt_entry", "handle_IRQ", "gic_handle_irq", "smp_apic_timer_interrupt",
    "smp_call_function_single_interrupt", "smp_reschedule_interrupt",
  ]

  /// The end of an interrupt.
  static func isInterruptExit(_ name: String) -> Bool {
    ["irq_exit_rcu", "irq_exit", "__irq_exit_rcu", "irqentry_exit", "rcu_irq_exit"].contains(name)
  }

  /// Whether a function's callees are the handlers that drivers installed.
  static func callsHandlers(_ name: String) -> Bool {
    [
      "__handle_irq_event_percpu", "handle_irq_event_percpu", "handle_IRQ_event",
      "handle_percpu_devid_irq", "handle_percpu_irq",
    ].contains(name)
  }

  /// The vector whose softirq a function is the action of; nil for other functions.
  static func softirq(_ name: String) -> String? {
    switch String(name.prefix { $0 != "." }) {
    case "net_rx_action": "NET_RX"
    case "net_tx_action": "NET_TX"
    case "run_timer_softirq", "__run_timers": "TIMER"
    case "tasklet_action", "tasklet_action_common": "TASKLET"
    case "tasklet_hi_action": "HI"
    case "blk_done_softirq": "BLOCK"
    case "run_rebalance_domains", "sched_balance_softirq": "SCHED"
    case "hrtimer_run_softirq": "HRTIMER"
    case "rcu_core", "rcu_core_si", "rcu_process_callbacks": "RCU"
    default: nil
    }
  }

  /// Functions that take a spinning lock: the time up to the next line is the wait for it.
  static func takesLock(_ name: String) -> Bool {
    guard !name.contains("_unlock"), !name.contains("_trylock") else { return false }
    return name.hasPrefix("_raw_spin_lock") || name.hasPrefix("_raw_read_lock")
      || name.hasPrefix("_raw_write_lock") || name.hasPrefix("__raw_spin_lock")
      || name.hasPrefix("_spin_lock") || name.hasPrefix("do_raw_spin_lock")
      || name.hasSuffix("queued_spin_lock_slowpath") || name.hasPrefix("queued_read_lock_slow")
      || name.hasPrefix("queued_write_lock_slow")
  }

  /// Functions that spin for a sleeping lock as long as its owner runs and nobody else wants the
  /// CPU: they look at need-resched in each turn.
  static func spinsUntilResched(_ name: String) -> Bool {
    [
      "rwsem_optimistic_spin", "rwsem_spin_on_owner", "rwsem_can_spin_on_owner",
      "mutex_optimistic_spin", "mutex_spin_on_owner", "mutex_can_spin_on_owner", "osq_lock",
      "rtmutex_spin_on_owner", "rt_mutex_spin_on_owner", "ww_mutex_spin_on_owner",
      "adaptive_wait",
    ].contains(String(name.prefix { $0 != "." }))
  }

  /// What the latency tracers themselves write at the end of a section, which is not part of it.
  static func isTracersEnd(_ name: String) -> Bool {
    [
      "tracer_hardirqs_on", "tracer_preempt_on", "trace_hardirqs_on", "trace_preempt_on",
      "stop_critical_timing",
    ].contains { name.hasPrefix($0) }
  }

  /// The way back to user space, on which a task gives the CPU up that was asked to.
  static func isUserReturn(_ name: String) -> Bool {
    name.hasPrefix("exit_to_user_mode") || name.hasPrefix("syscall_exit_to_user_mode")
      || name.hasPrefix("irqentry_exit_to_user_mode") || name == "prepare_exit_to_usermode"
      || name == "do_notify_resume"
  }

  /// Functions on the way of a CPU that comes or goes.
  static func isHotplug(_ name: String) -> Bool {
    name.hasPrefix("cpuhp_") || name.hasPrefix("native_kick_ap")
      || name.hasPrefix("__cpuhp_kick_ap") || hotplug.contains(name)
  }

  private static let hotplug: Set<String> = [
    "_cpu_up", "cpu_up", "_cpu_down", "cpu_down", "do_cpu_up", "do_cpu_down", "takedown_cpu",
    "bringup_cpu", "bringup_wait_for_ap_online", "native_cpu_up", "do_boot_cpu",
    "cpu_device_up", "cpu_device_down", "arch_cpuhp_kick_ap_alive", "arch_cpuhp_cleanup_kick_cpu",
    "__cpu_up", "__cpu_die", "boot_secondary",
  ]

  /// The functions that run softirqs, on an interrupt's way out or where a task enables them again.
  static func runsSoftirqs(_ name: String) -> Bool {
    softirqRunners.contains(String(name.prefix { $0 != "." }))
  }

  private static let softirqRunners: Set<String> = [
    "handle_softirqs", "__do_softirq", "do_softirq", "__irq_exit_rcu", "irq_exit_rcu",
    "do_softirq_own_stack", "__softirqentry_text_start", "invoke_softirq",
  ]

  /// The name of a vector by its entry function (`sysvec_apic_timer_interrupt` is `local_timer`).
  static func vector(_ name: String) -> String {
    var name = name
    for prefix in ["asm_", "__", "sysvec_"] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    return name == "apic_timer_interrupt" ? "local_timer" : name
  }

  /// The scheduler's own way to a switch.
  static func isScheduler(_ name: String) -> Bool {
    ["schedule", "__schedule", "schedule_idle", "schedule_rtlock"].contains(name)
      || name.hasPrefix("preempt_schedule") || name.hasPrefix("finish_task_switch")
  }

  /// A function's name without offset, module and what a tracer prints after it.
  static func bare(_ name: some StringProtocol) -> String {
    String(name.prefix { $0 != "+" && $0 != " " && $0 != "(" && $0 != ";" && $0 != "/" })
  }

  /// The idle loop.
  static func isIdle(_ name: String) -> Bool {
    idle.contains(name) || name.hasPrefix("cpuidle_enter") || name.hasSuffix("_idle_enter")
  }

  private static let idle: Set<String> = [
    "do_idle", "cpu_startup_entry", "default_idle", "default_idle_call", "pv_native_safe_halt",
    "native_safe_halt", "acpi_idle_enter", "intel_idle", "haltpoll_enter_idle", "arch_cpu_idle",
    "mwait_idle", "cpu_do_idle", "poll_idle",
  ]

  /// Functions that enable interrupts: a pending interrupt is taken right inside them.
  static func enablesInterrupts(_ name: String) -> Bool {
    irqEnabling.contains(name) || name.hasSuffix("_unlock_irqrestore")
      || name.hasSuffix("_unlock_irq") || name.hasPrefix("finish_task_switch")
      || name.hasPrefix("trace_hardirqs_on")
  }

  private static let irqEnabling: Set<String> = [
    "local_irq_enable", "local_irq_restore", "arch_local_irq_restore", "arch_local_irq_enable",
    "raw_local_irq_restore", "irqentry_exit", "rt_spin_unlock", "preempt_schedule_irq",
    "exit_to_user_mode_loop", "syscall_exit_to_user_mode", "__local_bh_enable_ip",
    "raw_irqentry_exit_cond_resched", "native_irq_return_iret", "restore_all",
  ]

  /// Functions that enable interrupts inline: softirqs, exceptions, the idle
  /// loop, and what is called with interrupts disabled and waits.
  static func enablesInterruptsInline(_ name: String) -> Bool {
    name == "handle_softirqs" || name == "__do_softirq" || name.hasPrefix("exc_")
      || name.hasPrefix("do_user_addr_fault") || name.hasPrefix("do_idle")
      || name.hasPrefix("__schedule") || name.hasPrefix("smp_call_function")
      || name.hasPrefix("generic_exec_single") || name.hasPrefix("run_ksoftirqd")
      || name.hasPrefix("do_syscall") || name.hasPrefix("do_int80") || name.hasSuffix("_idle")
  }

  /// Functions that a verdict never names: lock release, irq-enable, clock, tracer and entry
  /// helpers.
  static func isHelper(_ name: String) -> Bool {
    enablesInterrupts(name) || isScheduler(name) || isInterruptPath(name)
      || helpers.contains(name) || name.hasPrefix("_raw_spin_")
      || name.hasPrefix("local_irq_") || name.hasPrefix("tracer_")
      || name.hasPrefix("_raw_read_") || name == "[FTRACE TRAMPOLINE]"
      || name.hasPrefix("_raw_write_")
      || name.hasPrefix("trace_") || name.hasPrefix("__trace_") || name.hasPrefix("ftrace_")
      || name.hasPrefix("preempt_count_") || name.hasPrefix("asm_exc_") || name.hasPrefix("exc_")
      || name.hasPrefix("ktime_get") || name.hasPrefix("sched_clock")
      || name.hasPrefix("entry_SYSCALL") || name.hasPrefix("asm_") || name.hasPrefix("rcu_read_")
      || name.hasPrefix("__rcu_read_") || isTraceHook(name)
      || ringBuffer.contains(String(name.prefix { $0 != "." })) || CodeLocation.isFrameless(name)
  }

  /// Functions through which tracing hooks into the code that it looks at: what runs inside of one
  /// is the observer's, whatever its name, and the function after it answers for the section. A
  /// task that writes a marker, reads a trace or sets a tracer runs through none of them.
  static func isTraceHook(_ name: String) -> Bool {
    hooks.contains(name) || hookPrefixes.contains { name.hasPrefix($0) }
  }

  private static let hookPrefixes = [
    "trace_event_raw_event_", "trace_event_buffer_", "__traceiter_", "perf_trace_",
    "__bpf_trace_",
    "tracer_preempt_", "tracer_hardirqs_", "trace_preempt_o", "trace_hardirqs_o", "ftrace_ops_",
    "ftrace_graph_", "probe_wakeup",
  ]

  private static let hooks: Set<String> = [
    "trace_function", "__trace_function", "function_trace_call", "function_stack_trace_call",
    "function_graph_enter", "prepare_ftrace_return", "trace_graph_entry", "trace_graph_return",
    "irqsoff_tracer_call", "irqsoff_graph_entry", "irqsoff_graph_return", "wakeup_tracer_call",
    "wakeup_graph_entry", "wakeup_graph_return", "start_critical_timings", "stop_critical_timings",
    "start_critical_timing", "stop_critical_timing", "ftrace_caller", "ftrace_regs_caller",
    "ftrace_call", "kprobe_ftrace_handler", "[FTRACE TRAMPOLINE]",
  ]

  /// The read functions of clocksources, which only the timekeeping calls.
  static func readsClocksource(_ name: String) -> Bool {
    ["read_tsc", "read_hpet", "kvm_clock_get_cycles", "acpi_pm_read"].contains(name)
  }

  /// How an event gets into the ring buffer, without what the compiler adds to a name (`.part.0`).
  private static let ringBuffer: Set<String> = [
    "ring_buffer_lock_reserve", "ring_buffer_unlock_commit", "ring_buffer_event_data",
    "ring_buffer_discard_commit", "rb_reserve_next_event", "__rb_reserve_next", "rb_move_tail",
    "rb_commit", "rb_start_commit", "rb_end_commit", "rb_set_commit_to_write", "rb_update_event",
    "rb_update_write_stamp", "rb_add_timestamp", "rb_add_time_stamp", "rb_handle_timestamp",
    "rb_handle_head_page", "rb_wakeups", "rb_reset_tail", "rb_tail_page_update",
  ]

  private static let helpers: Set<String> = [
    "native_sched_clock", "local_clock", "read_tsc", "native_read_tsc", "pvclock_clocksource_read",
    "kvm_clock_get_cycles", "read_hpet", "acpi_pm_read", "__cond_resched", "__preempt_count_sub",
    "do_syscall_64", "x64_sys_call", "ret_from_fork", "ret_from_fork_asm", "kthread", "__delay",
    "delay_tsc", "__const_udelay", "__udelay", "tracing_start_function_trace",
    "perf_trace_buf_submit", "return_to_handler", "irq_exit_rcu", "kthread_should_stop",
    "migrate_enable", "migrate_disable", "exit_to_user_mode_prepare",
    "irqentry_exit_to_user_mode", "rt_read_unlock", "rt_write_unlock", "mutex_unlock",
    "rt_mutex_unlock", "up_read", "up_write", "local_bh_enable", "_cond_resched",
    "__local_bh_disable_ip", "__local_bh_enable", "queued_spin_lock_slowpath",
    "native_queued_spin_lock_slowpath", "in_lock_functions", "in_sched_functions",
    "do_raw_spin_lock", "do_raw_spin_unlock", "irq_exit", "__irq_exit_rcu", "rcu_irq_exit",
  ]

  /// The last frames of a stack, which say only how the kernel was entered.
  static func isOutermost(_ name: String) -> Bool {
    outermost.contains(name) || name.hasPrefix("entry_SYSCALL") || name.hasPrefix("asm_")
  }

  private static let outermost: Set<String> = [
    "do_syscall_64", "x64_sys_call", "ret_from_fork", "ret_from_fork_asm", "kthread",
    "worker_thread", "el0_svc", "el0t_64_sync",
  ]
}
