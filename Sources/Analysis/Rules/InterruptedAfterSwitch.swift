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
    let after = spike.afterSwitch
    var findings: [Finding] = []
    for entry in spike.replay.ran(in: after) {
      switch entry.occupant {
      case .irq, .vector, .softirq: break
      default: continue
      }
      guard entry.net >= spike.floor else { continue }
      let evidence = HardIRQ.evidence(spike, of: entry.occupant, in: after)
      findings.append(
        Finding(
          .interruptedAfterSwitch, name: entry.occupant.name,
          confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spike.replay.spans(in: after) { $0.occupant == entry.occupant },
          evidence: evidence,
          nextStep: "\(entry.occupant.name) took \(entry.net.microseconds) us after the switch. "
            + "Move it to another CPU."))
    }
    return RuleOutcome(findings: findings)
  }
}
