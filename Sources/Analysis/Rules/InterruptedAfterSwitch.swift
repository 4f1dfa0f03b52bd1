import TraceModel

/// IRQs or softirqs ran between the switch to the thread and its clock reading.
///
/// Evidence: entry and exit of the handler, vector or softirq after the switch. A task that
/// preempted the thread there has its own class.
///
/// Ruled out by: no interrupt after the switch, or a handler that began after the clock reading.
///
/// Next step: move the interrupt to another CPU.
struct InterruptedAfterSwitch: Rule {
  static let profile = RuleProfile(
    .interruptedAfterSwitch, needs: [.switches, .interrupts], best: .proven,
    takes: "the events sched:sched_switch and of interrupts (irq:*, on x86 irq_vectors:*).")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    spike.interrupts(.interruptedAfterSwitch, in: spike.afterSwitch) {
      switch $0 {
      case .irq, .vector, .softirq: true
      default: false
      }
    } nextStep: {
      "\($0.occupant.name) took \($0.net.microseconds) us after the switch. Move it to another CPU."
    }
  }
}
