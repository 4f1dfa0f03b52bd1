import Analysis

/// The classes that a rule of this version can name.
enum RuledClasses {
  static let all: Set<CulpritClass> = [
    .irqsOff, .hardIRQ, .idleExit, .hardwareStall, .hypervisor, .preemptOff,
    .nonPreemptibleKernel, .softirq, .higherPriorityTask, .samePriorityTask, .rtThrottling,
    .runQueue, .pageFault, .unknown,
  ]
}
