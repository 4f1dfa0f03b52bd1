/// All rules, in the order in which they are asked; where two claim the same time with the same confidence the
/// earlier one gets it.
enum RuleSet {
  static let all: [any Rule] = [
    PageFault(), HardIRQ(), Softirq(), RTThrottling(), HigherPriorityTask(), SamePriorityTask(),
    RunQueue(), NonPreemptible(), IrqsOff(), Hypervisor(), IdleExit(), HardwareStall(),
  ]

  /// A class that, where it is found, already contains what these classes would say of the same time.
  static let contains: [CulpritClass: Set<CulpritClass>] = [
    .rtThrottling: [
      .higherPriorityTask, .samePriorityTask, .runQueue, .nonPreemptibleKernel, .preemptOff,
    ],
    .hypervisor: [.hardIRQ, .softirq],
    .pageFault: [.higherPriorityTask, .samePriorityTask, .runQueue],
  ]
}
