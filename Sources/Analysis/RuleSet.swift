/// All rules, in the order in which they are asked; where two claim the same time with the same
/// confidence the earlier one gets it, so the more special one comes first.
enum RuleSet {
  static let all: [any Rule] = [
    Observer(), TimerLate(), TimerSlack(), TimerSoftirq(), PageFault(), PriorityInversion(),
    IsolationBroken(), TLBShootdown(), RCU(), StackedTimers(), TickWork(), NMI(), HardIRQ(),
    Softirq(), InterruptedAfterSwitch(), OwnOutput(), Migration(), StopMachine(), RTThrottling(),
    DeadlineServer(), IRQThread(), HigherPriorityTask(), SamePriorityTask(), LateKworker(),
    CPUBandwidth(), RunQueue(), RemoteTimer(), RemoteEnqueue(), Blocked(), SoftirqDeferred(),
    InterruptStorm(), PrintkConsole(),
    MemoryReclaim(), OtherTracing(),
    SignalOrPtrace(), PreemptOff(), NonPreemptibleKernel(), IrqsOff(), Hypervisor(), IdleExit(),
    HardwareStall(), CPUFrequency(), SharedHardware(), Clock(), SchedulerOverhead(), CrossCPUCall(),
    Unknown(),
  ]

  /// A class that, where it is found, already contains what these classes would say of the same
  /// time.
  static let contains: [CulpritClass: Set<CulpritClass>] = [
    .observer: Set(CulpritClass.allCases).subtracting([.observer]),
    .rtThrottling: throttled,
    .deadlineServer: throttled,
    .hypervisor: [
      .hardIRQ, .softirq, .schedulerOverhead, .interruptedAfterSwitch, .tickWork,
      .nonPreemptibleKernel, .preemptOff,
    ],
    .pageFault: [
      .higherPriorityTask, .samePriorityTask, .runQueue, .irqThread, .ownOutput, .memoryReclaim,
      .blocked,
    ],
    .remoteTimer: [.remoteEnqueue],
    .rcu: [.nonPreemptibleKernel, .preemptOff],
    // Whoever is stopped arms its timer late, if at all.
    .signalOrPtrace: [.timerLate, .runQueue, .cpuBandwidth],
    .priorityInversion: [.higherPriorityTask, .samePriorityTask, .runQueue],
    .cpuFrequency: [.hardIRQ, .schedulerOverhead],
    .lateKworker: [.runQueue, .cpuBandwidth],
    .cpuBandwidth: [.runQueue, .nonPreemptibleKernel, .schedulerOverhead],
    .tlbShootdown: [.hardIRQ, .interruptedAfterSwitch, .preemptOff, .nonPreemptibleKernel],
    .memoryReclaim: [.preemptOff, .nonPreemptibleKernel],
    .printkConsole: [.irqsOff, .preemptOff, .nonPreemptibleKernel],
    .otherTracing: [.irqsOff, .preemptOff, .nonPreemptibleKernel],
  ]

  private static let throttled: Set<CulpritClass> = [
    .higherPriorityTask, .samePriorityTask, .runQueue, .nonPreemptibleKernel, .preemptOff,
    .schedulerOverhead,
  ]
}
