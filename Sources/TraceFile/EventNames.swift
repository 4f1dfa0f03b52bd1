/// The names of events, each made into a string and looked up once.
struct EventNames {
  /// How the text of an event is read.
  enum Kind {
    case switched, waking, wakeup, wakeupNew, migrate, prioritySet
    case irqEntry, irqExit, softirqRaise, softirqEntry, softirqExit, nmi
    case hrtimerStart, hrtimerCancel, hrtimerExpireEntry, hrtimerExpireExit
    case timerExpireEntry, timerExpireExit, cpuIdle, cpuFrequency
    case workQueue, workActivate, workStart, workEnd
    case ipiSendCPU, ipiSendMask, callEntry, callExit
    case pageFaultUser, pageFaultKernel, systemEnter, systemExit
    case marker, print, kernelStack, userStack
    /// Lines of tracers, as trace-cmd names them.
    case function, graphEntry, graphExit
    /// ARM's events of calls between CPUs.
    case ipi
    /// May be an interrupt vector's event: `vector=N` decides.
    case vectorEntry(String), vectorExit(String)
    /// trace-cmd's name of a system call's event.
    case callNameEnter(String), callNameExit(String)
    case other
  }

  struct Entry {
    var name: String
    var bytes: [UInt8]
    var kind: Kind
  }

  private(set) var entries: [Entry] = []
  private var index: [UInt64: Int] = [:]

  /// The entry of the name in `range`.
  mutating func entry(_ range: Range<Int>, _ bytes: RawSpan) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for place in range { hash = (hash ^ UInt64(bytes.byte(place))) &* 0x100_0000_01b3 }
    if let found = index[hash], same(entries[found].bytes, range, bytes) { return found }
    let name = bytes.string(range)
    entries.append(Entry(name: name, bytes: Array(name.utf8), kind: Self.kind(name)))
    index[hash] = entries.count - 1
    return entries.count - 1
  }

  private func same(_ name: [UInt8], _ range: Range<Int>, _ bytes: RawSpan) -> Bool {
    guard name.count == range.count else { return false }
    for offset in name.indices where name[offset] != bytes.byte(range.lowerBound + offset) {
      return false
    }
    return true
  }

  private static let known: [String: Kind] = [
    "sched_switch": .switched, "sched_waking": .waking, "sched_wakeup": .wakeup,
    "sched_wakeup_new": .wakeupNew, "sched_migrate_task": .migrate,
    "sched_pi_setprio": .prioritySet, "irq_handler_entry": .irqEntry,
    "irq_handler_exit": .irqExit, "softirq_raise": .softirqRaise,
    "softirq_entry": .softirqEntry, "softirq_exit": .softirqExit, "nmi_handler": .nmi,
    "hrtimer_start": .hrtimerStart, "hrtimer_cancel": .hrtimerCancel,
    "hrtimer_expire_entry": .hrtimerExpireEntry, "hrtimer_expire_exit": .hrtimerExpireExit,
    "timer_expire_entry": .timerExpireEntry, "timer_expire_exit": .timerExpireExit,
    "cpu_idle": .cpuIdle, "cpu_frequency": .cpuFrequency, "workqueue_queue_work": .workQueue,
    "workqueue_activate_work": .workActivate, "workqueue_execute_start": .workStart,
    "workqueue_execute_end": .workEnd, "ipi_send_cpu": .ipiSendCPU,
    "ipi_send_cpumask": .ipiSendMask, "csd_function_entry": .callEntry,
    "csd_function_exit": .callExit, "page_fault_user": .pageFaultUser,
    "page_fault_kernel": .pageFaultKernel, "sys_enter": .systemEnter, "sys_exit": .systemExit,
    "tracing_mark_write": .marker, "print": .print, "kernel_stack": .kernelStack,
    "user_stack": .userStack,
  ]

  private static let special: [String: Kind] = [
    "function": .function, "funcgraph_entry": .graphEntry, "funcgraph_exit": .graphExit,
    "ipi_raise": .ipi, "ipi_entry": .ipi, "ipi_exit": .ipi,
  ]

  /// Whether the name is that of an event with a separate case.
  static func isKnown(_ name: String) -> Bool { known[name] != nil }

  private static let families = [
    "sched_", "irq_", "softirq_", "hrtimer_", "timer_", "workqueue_", "rcu_", "ipi_", "csd_",
    "sys_enter", "sys_exit", "page_fault_", "cpu_", "local_timer_", "reschedule_", "call_function_",
    "osnoise_", "tracing_mark", "preempt_", "lock_", "contention_",
  ]

  /// Whether the name is that of an event or of a family of events that traces of latencies hold.
  static func isFamiliar(_ name: String) -> Bool {
    isKnown(name) || families.contains { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }
  }

  private static func kind(_ name: String) -> Kind {
    if let kind = known[name] ?? special[name] { return kind }
    if name.hasPrefix("sys_enter_") { return .callNameEnter(String(name.dropFirst(10))) }
    if name.hasPrefix("sys_exit_") { return .callNameExit(String(name.dropFirst(9))) }
    if name.hasSuffix("_entry") { return .vectorEntry(String(name.dropLast(6))) }
    if name.hasSuffix("_exit") { return .vectorExit(String(name.dropLast(5))) }
    return .other
  }
}
