import TraceModel

/// Softirqs ran while the thread was ready, or after it had been interrupted.
///
/// Needs softirq_entry and softirq_exit; interrupts on top of them are taken off. On PREEMPT_RT
/// softirqs run in threads and show up as tasks.
struct Softirq: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var findings: [Finding] = []
    for entry in spike.replay.ran(in: spike.replay.window) {
      guard case .softirq(let vector) = entry.occupant, entry.net >= spike.floor else { continue }
      let spans = spike.replay.spans(in: spike.replay.window) { $0.occupant == entry.occupant }
      let events = spike.events.filter {
        switch $0.payload {
        case .softirqEntry(vector), .softirqExit(vector): true
        default: false
        }
      }
      findings.append(
        Finding(
          .softirq, name: SoftirqVector.name(of: vector),
          confidence: events.count >= 2 ? .proven : .likely, spans: spans,
          evidence: Array(events.prefix(4).map { Evidence($0) }), nextStep: advice(vector)))
    }
    return RuleOutcome(findings: findings)
  }

  private func advice(_ vector: UInt32) -> String {
    switch SoftirqVector(rawValue: vector) {
    case .netRx, .netTx: "Move the network interrupt, or steer packets with RPS to another CPU."
    case .rcu: "Offload RCU callbacks (rcu_nocbs=)."
    case .timer: "Find who armed the timers: timer_expire_entry names their functions."
    case .block: "Move the disk's interrupt or its completion (rq_affinity) to another CPU."
    default: "Find who raised it: softirq_raise stands before it in the trace."
    }
  }
}
