extension TraceEvent {
  /// The event as one short line without task, CPU and time (`sched_waking: comm=cyclictest
  /// pid=1813 prio=19`).
  public var text: String { payload.text }
}

extension EventPayload {
  /// The event's name in tracefs, without its system.
  public var name: String {
    switch self {
    case .switched: "sched_switch"
    case .waking: "sched_waking"
    case .wakeup: "sched_wakeup"
    case .wakeupNew: "sched_wakeup_new"
    case .migrate: "sched_migrate_task"
    case .prioritySet: "sched_pi_setprio"
    case .irqEntry: "irq_handler_entry"
    case .irqExit: "irq_handler_exit"
    case .vectorEntry(let name, _): name + "_entry"
    case .vectorExit(let name, _): name + "_exit"
    case .softirqRaise: "softirq_raise"
    case .softirqEntry: "softirq_entry"
    case .softirqExit: "softirq_exit"
    case .nmi: "nmi_handler"
    case .hrtimerStart: "hrtimer_start"
    case .hrtimerCancel: "hrtimer_cancel"
    case .hrtimerExpireEntry: "hrtimer_expire_entry"
    case .hrtimerExpireExit: "hrtimer_expire_exit"
    case .timerExpireEntry: "timer_expire_entry"
    case .timerExpireExit: "timer_expire_exit"
    case .cpuIdle: "cpu_idle"
    case .cpuFrequency: "cpu_frequency"
    case .workQueue: "workqueue_queue_work"
    case .workActivate: "workqueue_activate_work"
    case .workStart: "workqueue_execute_start"
    case .workEnd: "workqueue_execute_end"
    case .ipiSend(let targets, _, _): targets.count == 1 ? "ipi_send_cpu" : "ipi_send_cpumask"
    case .functionCallEntry: "csd_function_entry"
    case .functionCallExit: "csd_function_exit"
    case .pageFault(let user, _, _): user ? "page_fault_user" : "page_fault_kernel"
    case .syscallEnter(_, let name): name.isEmpty ? "sys_enter" : "sys_enter_" + name
    case .syscallExit(_, let name, _): name.isEmpty ? "sys_exit" : "sys_exit_" + name
    case .stack: "kernel_stack"
    case .marker: "print"
    case .other(let event): event.name
    }
  }

  /// The event as one short line (`sched_switch: bash/120 R ==> cyclictest/19`).
  public var text: String {
    switch self {
    case .stack(let frames):
      return "<stack trace> " + frames.map(\.name).joined(separator: " <- ")
    case .marker(let text): return "tracing_mark_write: " + Self.line(text)
    default:
      let details = details
      return details.isEmpty ? name : "\(name): \(details)"
    }
  }

  /// `/19`, or nothing where the priority is not known.
  private static func priority(_ priority: KernelPriority) -> String {
    priority.isKnown ? "/\(priority.value)" : ""
  }

  /// The text after the name.
  private var details: String {
    switch self {
    case .switched(let event):
      Self.comm(event.previous) + Self.priority(event.previousPriority)
        + " \(event.previousState.letters) ==> "
        + Self.comm(event.next) + Self.priority(event.nextPriority)
    case .waking(let event), .wakeup(let event), .wakeupNew(let event):
      "comm=\(Self.comm(event.task)) pid=\(event.task.pid) prio=\(event.priority.value)"
    case .migrate(let task, let priority, let from, let to):
      "comm=\(Self.comm(task)) pid=\(task.pid) prio=\(priority.value) cpu \(from) -> \(to)"
    case .prioritySet(let task, let old, let new):
      "comm=\(Self.comm(task)) pid=\(task.pid) prio \(old.value) -> \(new.value)"
    case .irqEntry(let irq, let handler): "irq=\(irq) name=\(Self.line(handler))"
    case .irqExit(let irq, let handled): "irq=\(irq) ret=\(handled ? "handled" : "unhandled")"
    case .vectorEntry(_, let vector), .vectorExit(_, let vector): "vector=\(vector)"
    case .softirqRaise(let vector), .softirqEntry(let vector), .softirqExit(let vector):
      "vec=\(vector) \(SoftirqVector(rawValue: vector)?.name ?? "?")"
    case .nmi(let handler, let duration): "\(handler.name) delta_ns=\(duration.count)"
    case .hrtimerStart(_, let function, let expires, let soft, let mode):
      "function=\(function.name) expires=\(expires.count)"
        + (soft == expires ? "" : " softexpires=\(soft.count)")
        + (mode.isEmpty ? "" : " mode=\(mode)")
    case .hrtimerCancel(let timer), .hrtimerExpireExit(let timer): "hrtimer=\(Self.address(timer))"
    case .hrtimerExpireEntry(_, let function, let now): "function=\(function.name) now=\(now.count)"
    case .timerExpireEntry(_, let function): "function=\(function.name)"
    case .timerExpireExit(let timer): "timer=\(Self.address(timer))"
    case .cpuIdle(let state, let cpu): "state=\(state.map { "\($0)" } ?? "exit") cpu=\(cpu)"
    case .cpuFrequency(let kilohertz, let cpu): "\(kilohertz) kHz cpu=\(cpu)"
    case .workQueue(_, let function, let queue, let requested, let cpu):
      "function \(function.name) workqueue=\(Self.line(queue)) req_cpu=\(requested) cpu=\(cpu)"
    case .workActivate(let work, let function), .workStart(let work, let function),
      .workEnd(let work, let function):
      function.address == 0 && function.symbol.isEmpty
        ? "work=\(Self.address(work))" : "function \(function.name)"
    case .ipiSend(let targets, let callsite, let callback):
      "cpu=\(targets.list) callsite=\(callsite.text)"
        + (callback.address == 0 && callback.symbol.isEmpty ? "" : " callback=\(callback.name)")
    case .functionCallEntry(let function), .functionCallExit(let function): "func=\(function.name)"
    case .pageFault(_, let address, let ip): "address=\(Self.address(address)) ip=\(ip.name)"
    case .syscallEnter(let number, let name): name.isEmpty ? "NR \(number)" : ""
    case .syscallExit(let number, let name, let result):
      (name.isEmpty ? "NR \(number) = " : "= ") + "\(result)"
    case .other(let event):
      event.text.map(Self.line)
        ?? event.fields.map { "\($0.name)=\(Self.line($0.value))" }.joined(separator: " ")
    case .stack, .marker: ""
    }
  }

  private static func comm(_ task: TaskIdentity) -> String {
    task.comm.isEmpty ? (task.isIdle ? "<idle>" : "<...>") : line(task.comm)
  }

  private static func address(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  /// Line ends and other control characters would break a report's lines.
  private static func line(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      return text
    }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
  }
}
