import TraceModel

/// RCU callbacks ran, in the RCU softirq or in an RCU thread above the measured thread.
///
/// Evidence: softirq_entry and softirq_exit of RCU, or sched_switch to rcuc, rcub or rcuo with a
/// priority not below that of the thread.
///
/// Ruled out by: an RCU thread of lower priority.
///
/// Next step: use rcu_nocbs= for the measured CPUs, check rcutree.kthread_prio.
struct RCU: Rule {
  static let profile = RuleProfile(
    .rcu, needs: [.switches, .events(["irq:softirq_entry"])], best: .proven,
    takes: "the events irq:softirq_entry and softirq_exit, sched:sched_switch.")

  private static let advice =
    "Move the callbacks away from the measured CPUs (rcu_nocbs=), and check rcutree.kthread_prio."

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.rcu, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var findings = spike.findings(.rcu, group: "RCU threads") { _ in Self.advice }
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    let softirq = Occupant.softirq(SoftirqVector.rcu.rawValue)
    let spans = spike.replay.spans(in: before) { $0.occupant == softirq }
    if Spans.length(spans) >= spike.floor {
      let evidence = HardIRQ.evidence(spike, of: softirq, in: before)
      findings.append(
        Finding(
          .rcu, name: SoftirqVector.rcu.name, confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spans, evidence: evidence, nextStep: Self.advice))
    }
    return RuleOutcome(findings: findings)
  }
}
