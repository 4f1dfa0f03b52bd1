/// The classes of causes; the raw value is the name used in JSON, in docs/causes.md and on command
/// lines.
public enum CulpritClass: String, Hashable, Sendable, CaseIterable {
  case irqsOff = "irqs-off"
  case hardIRQ = "hard-irq"
  case nmi
  case idleExit = "idle-exit"
  case hardwareStall = "hardware-stall"
  case hypervisor
  case timerLate = "timer-late"
  case timerSlack = "timer-slack"
  case timerSoftirq = "timer-softirq"
  case clock
  case stackedTimers = "stacked-timers"
  case tickWork = "tick-work"
  case remoteEnqueue = "remote-enqueue"
  case migration
  case preemptOff = "preempt-off"
  case nonPreemptibleKernel = "non-preemptible-kernel"
  case softirq
  case higherPriorityTask = "higher-priority-task"
  case samePriorityTask = "same-priority-task"
  case priorityInversion = "priority-inversion"
  case stopMachine = "stop-machine"
  case rtThrottling = "rt-throttling"
  case deadlineServer = "deadline-server"
  case irqThread = "irq-thread"
  case schedulerOverhead = "scheduler-overhead"
  case cpuBandwidth = "cpu-bandwidth"
  case runQueue = "run-queue"
  case lateKworker = "late-kworker"
  case isolationBroken = "isolation-broken"
  case pageFault = "page-fault"
  case interruptedAfterSwitch = "interrupted-after-switch"
  case signalOrPtrace = "signal-or-ptrace"
  case ownOutput = "own-output"
  case observer
  case cpuFrequency = "cpu-frequency"
  case tlbShootdown = "tlb-shootdown"
  case rcu
  case printkConsole = "printk-console"
  case memoryReclaim = "memory-reclaim"
  case sharedHardware = "shared-hardware"
  case otherTracing = "other-tracing"
  case unknown

  /// What the class means, as it is after the dash of a headline.
  public var phrase: String {
    switch self {
    case .irqsOff: "IRQs were disabled"
    case .hardIRQ: "an IRQ handler ran"
    case .nmi: "an NMI ran"
    case .idleExit: "the CPU left a deep idle state"
    case .hardwareStall: "the hardware stopped the CPU"
    case .hypervisor: "the CPU did not run guest code"
    case .timerLate: "the timer was armed after its expiry"
    case .timerSlack: "the timer had slack"
    case .timerSoftirq: "the timer expired in a softirq"
    case .clock: "the clock is not reliable"
    case .stackedTimers: "other timers ran first"
    case .tickWork: "the tick ran first"
    case .remoteEnqueue: "the remote enqueue was late"
    case .migration: "the thread was migrated"
    case .preemptOff: "preemption was disabled"
    case .nonPreemptibleKernel: "the kernel could not be preempted"
    case .softirq: "a softirq ran"
    case .higherPriorityTask: "a task of higher priority ran"
    case .samePriorityTask: "a task of the same priority ran"
    case .priorityInversion: "a lock owner was boosted"
    case .stopMachine: "the stopper thread ran"
    case .rtThrottling: "real-time tasks were throttled"
    case .deadlineServer: "the deadline server ran"
    case .irqThread: "an IRQ thread ran"
    case .schedulerOverhead: "the scheduler itself ran"
    case .cpuBandwidth: "the CPU bandwidth of the cgroup was exhausted"
    case .runQueue: "the thread waited on the run queue"
    case .lateKworker: "a kworker was scheduled late"
    case .isolationBroken: "another task ran on an isolated CPU"
    case .pageFault: "the thread took a page fault"
    case .interruptedAfterSwitch: "the thread was interrupted before it read the clock"
    case .signalOrPtrace: "a signal, ptrace or task work stopped the thread"
    case .ownOutput: "breaktrace itself ran"
    case .observer: "the tracing itself took the time"
    case .cpuFrequency: "the CPU ran slowly"
    case .tlbShootdown: "a TLB shootdown delayed the CPU"
    case .rcu: "RCU callbacks ran"
    case .printkConsole: "the kernel wrote to a console"
    case .memoryReclaim: "memory was reclaimed"
    case .sharedHardware: "shared hardware was busy"
    case .otherTracing: "another tool traced"
    case .unknown: "no known cause explains this time"
    }
  }
}
