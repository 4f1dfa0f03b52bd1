/// The events that have a separate case in `EventPayload`, with the fields that it needs.
enum KnownEvent: Hashable {
  case switched, waking, wakeup, wakeupNew, migrate, prioritySet
  case irqEntry, irqExit, vectorEntry, vectorExit, softirqRaise, softirqEntry, softirqExit, nmi
  case hrtimerStart, hrtimerCancel, hrtimerExpireEntry, hrtimerExpireExit
  case timerExpireEntry, timerExpireExit, cpuIdle, cpuFrequency
  case workQueue, workActivate, workStart, workEnd
  case ipiSendCPU, ipiSendMask, callEntry, callExit, userFault, kernelFault
  case syscallEnter, syscallExit, namedSyscallEnter, namedSyscallExit
  case stack, marker

  /// What an event's payload is made of.
  struct Needs {
    var event: KnownEvent
    /// Numbers in the order in which the payload takes them; `|` parts other names of a field, a
    /// name that ends with `?` may be missing.
    var numbers: [String]
    /// The field with a text or a mask, nil where there is none.
    var data: String?

    init(_ event: KnownEvent, _ numbers: [String], data: String? = nil) {
      self.event = event
      self.numbers = numbers
      self.data = data
    }
  }

  /// By `system:name`.
  private static let table: [String: Needs] = [
    "sched:sched_migrate_task": Needs(
      .migrate, ["pid", "prio", "orig_cpu", "dest_cpu"], data: "comm"),
    "sched:sched_pi_setprio": Needs(.prioritySet, ["pid", "oldprio", "newprio"], data: "comm"),
    "irq:irq_handler_entry": Needs(.irqEntry, ["irq"], data: "name"),
    "irq:irq_handler_exit": Needs(.irqExit, ["irq", "ret"]),
    "irq:softirq_raise": Needs(.softirqRaise, ["vec"]),
    "irq:softirq_entry": Needs(.softirqEntry, ["vec"]),
    "irq:softirq_exit": Needs(.softirqExit, ["vec"]),
    "nmi:nmi_handler": Needs(.nmi, ["handler", "delta_ns"]),
    "timer:hrtimer_start": Needs(
      .hrtimerStart, ["hrtimer", "function", "expires", "softexpires", "mode?"]),
    "timer:hrtimer_cancel": Needs(.hrtimerCancel, ["hrtimer"]),
    "timer:hrtimer_expire_entry": Needs(.hrtimerExpireEntry, ["hrtimer", "function", "now"]),
    "timer:hrtimer_expire_exit": Needs(.hrtimerExpireExit, ["hrtimer"]),
    "timer:timer_expire_entry": Needs(.timerExpireEntry, ["timer", "function"]),
    "timer:timer_expire_exit": Needs(.timerExpireExit, ["timer"]),
    "power:cpu_idle": Needs(.cpuIdle, ["state", "cpu_id"]),
    "power:cpu_frequency": Needs(.cpuFrequency, ["state", "cpu_id"]),
    "workqueue:workqueue_queue_work": Needs(
      .workQueue, ["work", "function", "req_cpu", "cpu"], data: "workqueue"),
    "workqueue:workqueue_activate_work": Needs(.workActivate, ["work", "function?"]),
    "workqueue:workqueue_execute_start": Needs(.workStart, ["work", "function"]),
    "workqueue:workqueue_execute_end": Needs(.workEnd, ["work", "function?"]),
    "ipi:ipi_send_cpu": Needs(.ipiSendCPU, ["callsite", "callback", "cpu"]),
    "ipi:ipi_send_cpumask": Needs(.ipiSendMask, ["callsite", "callback"], data: "cpumask"),
    "csd:csd_function_entry": Needs(.callEntry, ["func"]),
    "csd:csd_function_exit": Needs(.callExit, ["func"]),
    "exceptions:page_fault_user": Needs(.userFault, ["address", "ip"]),
    "exceptions:page_fault_kernel": Needs(.kernelFault, ["address", "ip"]),
    "raw_syscalls:sys_enter": Needs(.syscallEnter, ["id"]),
    "raw_syscalls:sys_exit": Needs(.syscallExit, ["id", "ret"]),
    "ftrace:kernel_stack": Needs(.stack, ["size?"], data: "caller"),
    "ftrace:print": Needs(.marker, [], data: "buf"),
  ]

  /// What the event of that system and name needs, nil for one without a case.
  static func needs(system: String, name: String) -> Needs? {
    if let known = table["\(system):\(name)"] { return known }
    switch system {
    case "irq_vectors" where name.hasSuffix("_entry"): return Needs(.vectorEntry, ["vector"])
    case "irq_vectors" where name.hasSuffix("_exit"): return Needs(.vectorExit, ["vector"])
    case "syscalls" where name.hasPrefix("sys_enter_"):
      return Needs(.namedSyscallEnter, ["__syscall_nr|nr"])
    case "syscalls" where name.hasPrefix("sys_exit_"):
      return Needs(.namedSyscallExit, ["__syscall_nr|nr", "ret"])
    default: return nil
    }
  }
}
