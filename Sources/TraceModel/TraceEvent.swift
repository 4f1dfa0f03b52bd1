/// One event of a trace: where and when it was written, in what context, and what it says.
public struct TraceEvent: Hashable, Sendable {
  /// The trace clock's stamp.
  public var time: Nanoseconds
  /// The CPU whose buffer holds the event.
  public var cpu: Int
  /// `common_pid`: the task that was current when the event was written.
  public var pid: Int32
  /// Interrupt, preemption and reschedule state.
  public var context: EventContext
  /// What the event says.
  public var payload: EventPayload
  /// Where it is in its source: byte offset of the record in a file or page stream, or line number.
  public var position: UInt64

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    time: Nanoseconds, cpu: Int, pid: Int32, context: EventContext, payload: EventPayload,
    position: UInt64 = 0
  ) {
    self.time = time
    self.cpu = cpu
    self.pid = pid
    self.context = context
    self.payload = payload
    self.position = position
  }
}

/// What an event says, by the events that the analysis knows; all others are kept as fields.
///
/// Each case stands for the tracefs event named after it.
public enum EventPayload: Hashable, Sendable {
  /// sched:sched_switch
  case switched(SwitchEvent)
  /// sched:sched_waking: the waker's side begins, on the waker's CPU.
  case waking(WakeEvent)
  /// sched:sched_wakeup: the task is on a run queue.
  case wakeup(WakeEvent)
  /// sched:sched_wakeup_new: a new task's first enqueue.
  case wakeupNew(WakeEvent)
  /// sched:sched_migrate_task
  case migrate(task: TaskIdentity, priority: KernelPriority, from: Int, to: Int)
  /// sched:sched_pi_setprio
  case prioritySet(task: TaskIdentity, old: KernelPriority, new: KernelPriority)
  /// irq:irq_handler_entry
  case irqEntry(irq: Int32, handler: String)
  /// irq:irq_handler_exit
  case irqExit(irq: Int32, handled: Bool)
  /// irq_vectors:NAME_entry; `name` without the suffix (`local_timer`).
  case vectorEntry(name: String, vector: Int32)
  /// irq_vectors:NAME_exit
  case vectorExit(name: String, vector: Int32)
  /// irq:softirq_raise
  case softirqRaise(vector: UInt32)
  /// irq:softirq_entry
  case softirqEntry(vector: UInt32)
  /// irq:softirq_exit
  case softirqExit(vector: UInt32)
  /// nmi:nmi_handler; written at the handler's end.
  case nmi(handler: CodeLocation, duration: Nanoseconds)
  /// timer:hrtimer_start
  case hrtimerStart(
    timer: UInt64, function: CodeLocation, expires: Nanoseconds, softExpires: Nanoseconds,
    mode: String)
  /// timer:hrtimer_cancel
  case hrtimerCancel(timer: UInt64)
  /// timer:hrtimer_expire_entry
  case hrtimerExpireEntry(timer: UInt64, function: CodeLocation, now: Nanoseconds)
  /// timer:hrtimer_expire_exit
  case hrtimerExpireExit(timer: UInt64)
  /// timer:timer_expire_entry (the timer wheel)
  case timerExpireEntry(timer: UInt64, function: CodeLocation)
  /// timer:timer_expire_exit
  case timerExpireExit(timer: UInt64)
  /// power:cpu_idle; nil state is the exit from idle (4294967295).
  case cpuIdle(state: UInt32?, cpu: Int)
  /// power:cpu_frequency, in kHz
  case cpuFrequency(kilohertz: UInt32, cpu: Int)
  /// workqueue:workqueue_queue_work
  case workQueue(
    work: UInt64, function: CodeLocation, workqueue: String, requestedCPU: Int, cpu: Int)
  /// workqueue:workqueue_activate_work
  case workActivate(work: UInt64, function: CodeLocation)
  /// workqueue:workqueue_execute_start
  case workStart(work: UInt64, function: CodeLocation)
  /// workqueue:workqueue_execute_end
  case workEnd(work: UInt64, function: CodeLocation)
  /// ipi:ipi_send_cpu and ipi:ipi_send_cpumask
  case ipiSend(targets: CPUSet, callsite: CodeLocation, callback: CodeLocation)
  /// csd:csd_function_entry
  case functionCallEntry(function: CodeLocation)
  /// csd:csd_function_exit
  case functionCallExit(function: CodeLocation)
  /// exceptions:page_fault_user and page_fault_kernel
  case pageFault(user: Bool, address: UInt64, ip: CodeLocation)
  /// raw_syscalls:sys_enter, or syscalls:sys_enter_NAME with its number
  case syscallEnter(number: Int64, name: String)
  /// raw_syscalls:sys_exit, or syscalls:sys_exit_NAME
  case syscallExit(number: Int64, name: String, result: Int64)
  /// ftrace:kernel_stack, of the event before it on the same CPU; innermost frame first.
  case stack([CodeLocation])
  /// ftrace:print: text written to trace_marker, without the line end.
  case marker(String)
  /// Any other event.
  case other(OtherEvent)
}

/// The fields of sched:sched_switch.
public struct SwitchEvent: Hashable, Sendable {
  /// The task that leaves the CPU.
  public var previous: TaskIdentity
  /// Its priority (a boost included).
  public var previousPriority: KernelPriority
  /// What it became.
  public var previousState: TaskState
  /// The task that gets the CPU.
  public var next: TaskIdentity
  /// Its priority (a boost included).
  public var nextPriority: KernelPriority

  /// Makes the event's value.
  public init(
    previous: TaskIdentity, previousPriority: KernelPriority, previousState: TaskState,
    next: TaskIdentity, nextPriority: KernelPriority
  ) {
    self.previous = previous
    self.previousPriority = previousPriority
    self.previousState = previousState
    self.next = next
    self.nextPriority = nextPriority
  }
}

/// The fields of sched_waking, sched_wakeup and sched_wakeup_new.
public struct WakeEvent: Hashable, Sendable {
  /// The task that is woken (the waker is the event's `pid`).
  public var task: TaskIdentity
  /// The woken task's priority.
  public var priority: KernelPriority
  /// `target_cpu`: in sched_waking the CPU where the task last ran, not where it will be placed.
  public var targetCPU: Int

  /// Makes the event's value.
  public init(task: TaskIdentity, priority: KernelPriority, targetCPU: Int) {
    self.task = task
    self.priority = priority
    self.targetCPU = targetCPU
  }
}

/// An event that the analysis has no case for.
public struct OtherEvent: Hashable, Sendable {
  /// The event's system (`ext4`), empty where the source does not report it.
  public var system: String
  /// The event's name.
  public var name: String
  /// Its fields in the order of the format file, rendered as text.
  public var fields: [EventField]
  /// The line's text as the source printed it, where the source is text.
  public var text: String?

  /// Makes the event's value.
  public init(system: String, name: String, fields: [EventField], text: String? = nil) {
    self.system = system
    self.name = name
    self.fields = fields
    self.text = text
  }
}

/// One field of an event as text.
public struct EventField: Hashable, Sendable {
  /// The field's name in the format file.
  public var name: String
  /// The value: decimal, hexadecimal for pointers, text for strings.
  public var value: String

  /// Memberwise.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
