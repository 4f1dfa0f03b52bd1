extension EventPayload {
  /// The event's system as tracefs names it (`sched`), empty where the source does not report it.
  public var system: String {
    switch self {
    case .switched, .waking, .wakeup, .wakeupNew, .migrate, .prioritySet: "sched"
    case .irqEntry, .irqExit, .softirqRaise, .softirqEntry, .softirqExit: "irq"
    case .vectorEntry, .vectorExit: "irq_vectors"
    case .nmi: "nmi"
    case .hrtimerStart, .hrtimerCancel, .hrtimerExpireEntry, .hrtimerExpireExit,
      .timerExpireEntry, .timerExpireExit:
      "timer"
    case .cpuIdle, .cpuFrequency: "power"
    case .workQueue, .workActivate, .workStart, .workEnd: "workqueue"
    case .ipiSend: "ipi"
    case .functionCallEntry, .functionCallExit: "csd"
    case .pageFault: "exceptions"
    case .syscallEnter(_, let name), .syscallExit(_, let name, _):
      name.isEmpty ? "raw_syscalls" : "syscalls"
    case .stack, .marker: "ftrace"
    case .other(let event): event.system
    }
  }
}
