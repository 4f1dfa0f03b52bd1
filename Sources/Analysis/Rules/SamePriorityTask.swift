import TraceModel

/// A real-time task of the measured thread's own priority had the CPU, and FIFO does not preempt it.
///
/// Needs sched_switch; both priorities come from its fields.
struct SamePriorityTask: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    guard owner.isRealtime else { return .nothing }
    var findings: [Finding] = []
    for rival in spike.rivals(in: [spike.waiting, spike.afterSwitch]) {
      guard rival.priority == owner, rival.net >= spike.floor else { continue }
      findings.append(
        Finding(
          .samePriorityTask, name: rival.task.text, confidence: rival.confidence,
          spans: rival.spans, evidence: rival.evidence,
          nextStep: "\(rival.task.text) runs at \(owner.text) too and is not preempted by an "
            + "equal. Measure (or run the application) one priority above it."))
    }
    return RuleOutcome(findings: findings)
  }
}
