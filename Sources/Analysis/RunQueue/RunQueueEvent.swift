public import TraceModel

/// An event as the replay of run queues takes it: no text, no allocation, so that millions a second
/// can be fed.
@frozen public struct RunQueueEvent: Sendable {
  /// Which event, and so what the other fields mean.
  public enum Kind: UInt8, Sendable {
    /// sched:sched_switch: `task` leaves (`name`, `priority`, `isRunnable`, `isEnding`), `other`
    /// comes (`otherName`, `otherPriority`).
    case switched
    /// sched:sched_waking of `task`; `target` is where it last ran.
    case waking
    /// sched:sched_wakeup: `task` is on the run queue of `target`.
    case wakeup
    /// sched:sched_wakeup_new: the first enqueue of `task`.
    case wakeupNew
    /// sched:sched_migrate_task: `task` goes to CPU `target`.
    case migrate
    /// irq:irq_handler_entry; `target` is the number, `label` the handler.
    case irqEntry
    /// irq:irq_handler_exit
    case irqExit
    /// irq_vectors:NAME_entry; `label` is the vector's name.
    case vectorEntry
    /// irq_vectors:NAME_exit
    case vectorExit
    /// irq:softirq_raise; `target` is the vector.
    case softirqRaise
    /// irq:softirq_entry
    case softirqEntry
    /// irq:softirq_exit
    case softirqExit
    /// timer:timer_expire_entry, irq:tasklet_entry; `label` is the function.
    case functionEntry
    /// timer:timer_expire_exit, irq:tasklet_exit
    case functionExit
    /// workqueue:workqueue_queue_work; `value` is the work, `label` the function, `target` the CPU.
    case workQueue
    /// workqueue:workqueue_activate_work
    case workActivate
    /// workqueue:workqueue_execute_start
    case workStart
    /// workqueue:workqueue_execute_end
    case workEnd
    /// raw_syscalls:sys_enter; `value` is the number, -1 where only the name (`label`) is known.
    case syscallEnter
    /// raw_syscalls:sys_exit; `result` is what it returned.
    case syscallExit
    /// sched:sched_process_fork and task:task_newtask: `pid` made `task`; `target` is 1 for a
    /// thread of the same process.
    case fork
    /// task:task_rename and sched:sched_process_exec: `task` may have another name from here on.
    case rename
    /// A wait that the kernel measured: `task` (`name`, `priority`) waited `value` ns until `time`;
    /// `target` is 0 for woken, 1 for preempted, 2 for new.
    case waited
    /// The reader found that `value` events (-1 for an unknown number) of the CPU are missing
    /// before this point.
    case lost
    /// timer:hrtimer_start; `value` is the timer, `result` the time by which it is to expire, on
    /// the timer's clock.
    case timerArmed
    /// timer:hrtimer_expire_entry; `value` is the timer, `result` the timer's clock.
    case timerExpired
    /// timer:hrtimer_expire_exit
    case timerDone
    /// power:cpu_idle of CPU `other`; `target` is the state, -1 for the exit.
    case idle
    /// An inter-processor interrupt was sent to CPUs: those below 64 in `value`, the next 64 in
    /// `result`; `target` is 1 for a function call, 0 for a reschedule, 2 for a call of which only
    /// the function that sends it is known.
    case callSent
    /// ipi:ipi_entry; `target` as in `callSent`, -1 for other reasons.
    case callTaken
    /// sched:sched_blocked_reason of `task`.
    case blockedReason
    /// exceptions:page_fault_user and page_fault_kernel
    case pageFault
    /// preemptirq:irq_disable
    case irqsDisabled
    /// preemptirq:irq_enable
    case irqsEnabled
    /// preemptirq:preempt_disable
    case preemptDisabled
    /// preemptirq:preempt_enable
    case preemptEnabled
    /// A line of the function tracer; `label` is the function.
    case function
  }

  /// The trace clock's stamp in ns.
  public var time: Int64
  /// What the kind says.
  public var value: Int64 = 0
  /// A syscall's result.
  public var result: Int64 = 0
  /// The name of `task`.
  public var name = TaskName.none
  /// The name of `other`.
  public var otherName = TaskName.none
  /// The CPU whose buffer holds the event.
  public var cpu: Int32
  /// `common_pid`: the task that was current.
  public var pid: Int32
  /// The task that the event is about.
  public var task: Int32 = 0
  /// The second task.
  public var other: Int32 = 0
  /// Kernel priority of `task`.
  public var priority: Int32 = 120
  /// Kernel priority of `other`.
  public var otherPriority: Int32 = 120
  /// What the kind says.
  public var target: Int32 = -1
  /// A name's number in the `LabelTable`.
  public var label: Int32 = 0
  /// `common_flags`.
  public var flags: UInt8 = 0
  /// The kind.
  public var kind: Kind
  /// Whether the task that leaves still wants the CPU.
  public var isRunnable = false
  /// Whether the task that leaves has ended.
  public var isEnding = false
  /// Whether the task that leaves sleeps and cannot be interrupted (`D`).
  public var isBlocked = false

  /// Makes an event; the fields that the kind needs are set afterwards.
  @inlinable public init(kind: Kind, time: Int64, cpu: Int32, pid: Int32) {
    self.kind = kind
    self.time = time
    self.cpu = cpu
    self.pid = pid
  }
}

extension RunQueueEvent {
  /// Makes the event of a timeline's event; nil for one that the replay does not use.
  public init?(_ event: TraceEvent, labels: LabelTable) {
    func make(_ kind: Kind) -> RunQueueEvent {
      var made = RunQueueEvent(
        kind: kind, time: event.time.count, cpu: Int32(truncatingIfNeeded: event.cpu),
        pid: event.pid)
      made.flags = event.context.flags
      return made
    }
    func wake(_ kind: Kind, _ fields: WakeEvent) -> RunQueueEvent {
      var made = make(kind)
      made.task = fields.task.pid
      made.name = TaskName(fields.task.comm)
      made.priority = fields.priority.value
      made.target = Int32(truncatingIfNeeded: fields.targetCPU)
      return made
    }
    func work(_ kind: Kind, _ work: UInt64, _ function: CodeLocation) -> RunQueueEvent {
      var made = make(kind)
      made.value = Int64(bitPattern: work)
      made.label =
        function.address == 0 && function.symbol.isEmpty
        ? 0 : labels.number(function.name)
      return made
    }
    switch event.payload {
    case .switched(let fields):
      self = make(.switched)
      task = fields.previous.pid
      name = TaskName(fields.previous.comm)
      priority = fields.previousPriority.value
      isRunnable = fields.previousState.isRunnable
      if case .blocked(let letters) = fields.previousState {
        isEnding = letters.contains("X") || letters.contains("Z")
        isBlocked = letters.contains("D")
      }
      other = fields.next.pid
      otherName = TaskName(fields.next.comm)
      otherPriority = fields.nextPriority.value
    case .waking(let fields): self = wake(.waking, fields)
    case .wakeup(let fields): self = wake(.wakeup, fields)
    case .wakeupNew(let fields): self = wake(.wakeupNew, fields)
    case .migrate(let task, let priority, _, let to):
      self = make(.migrate)
      self.task = task.pid
      self.priority = priority.value
      target = Int32(truncatingIfNeeded: to)
    case .irqEntry(let irq, let handler):
      self = make(.irqEntry)
      target = irq
      label = labels.number(handler)
    case .irqExit(let irq, _):
      self = make(.irqExit)
      target = irq
    case .vectorEntry(let name, _):
      self = make(.vectorEntry)
      label = labels.number(name)
    case .vectorExit(let name, _):
      self = make(.vectorExit)
      label = labels.number(name)
    case .softirqRaise(let vector):
      self = make(.softirqRaise)
      target = Int32(truncatingIfNeeded: vector)
    case .softirqEntry(let vector):
      self = make(.softirqEntry)
      target = Int32(truncatingIfNeeded: vector)
    case .softirqExit(let vector):
      self = make(.softirqExit)
      target = Int32(truncatingIfNeeded: vector)
    case .timerExpireEntry(_, let function):
      self = make(.functionEntry)
      label = labels.number(function.name)
    case .timerExpireExit: self = make(.functionExit)
    case .workQueue(let item, let function, _, _, let cpu):
      self = work(.workQueue, item, function)
      target = Int32(truncatingIfNeeded: cpu)
    case .workActivate(let item, let function): self = work(.workActivate, item, function)
    case .workStart(let item, let function): self = work(.workStart, item, function)
    case .workEnd(let item, let function): self = work(.workEnd, item, function)
    case .syscallEnter(let number, let name):
      self = make(.syscallEnter)
      value = number
      label = labels.number(name)
    case .syscallExit(let number, let name, let result):
      self = make(.syscallExit)
      value = number
      label = labels.number(name)
      self.result = result
    case .other(let other):
      guard let made = Self.lifecycle(other, make) else { return nil }
      self = made
    default: return nil
    }
  }

  /// Birth and renaming of tasks, from fields or, where the source is text, from the line's words.
  private static func lifecycle(
    _ event: OtherEvent, _ make: (Kind) -> RunQueueEvent
  ) -> RunQueueEvent? {
    func field(_ name: String) -> String? {
      if let value = event.fields.first(where: { $0.name == name })?.value { return value }
      for word in (event.text ?? "").split(separator: " ") where word.hasPrefix("\(name)=") {
        return String(word.dropFirst(name.utf8.count + 1))
      }
      return nil
    }
    switch event.name {
    case "sched_process_fork":
      guard let child = field("child_pid").flatMap({ Int32($0) }) else { return nil }
      var made = make(.fork)
      made.task = child
      return made
    case "task_newtask":
      guard let child = field("pid").flatMap({ Int32($0) }) else { return nil }
      var made = make(.fork)
      made.task = child
      made.target = cloneThread(field("clone_flags")) ? 1 : 0
      return made
    case "task_rename", "sched_process_exec":
      var made = make(.rename)
      made.task = field("pid").flatMap { Int32($0) } ?? made.pid
      return made
    default: return nil
    }
  }

  private static func cloneThread(_ text: String?) -> Bool {
    guard var text else { return false }
    if text.hasPrefix("0x") { text.removeFirst(2) }
    return (UInt64(text, radix: 16) ?? 0) & 0x10000 != 0
  }
}
