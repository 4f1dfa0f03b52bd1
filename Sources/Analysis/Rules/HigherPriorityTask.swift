import TraceModel

/// A task that outranks the measured thread had the CPU while the thread was ready.
///
/// Needs sched_switch. Its own time counts, interrupts on top of it are taken off. Kernel threads that
/// serve interrupts or stop CPUs have classes of their own.
struct HigherPriorityTask: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    var findings: [Finding] = []
    for rival in spike.rivals(in: [spike.waiting, spike.afterSwitch]) {
      guard let priority = rival.priority, priority.outranks(owner), rival.net >= spike.floor
      else { continue }
      let comm = rival.task.comm
      let culprit: CulpritClass
      if comm.hasPrefix("migration/") || comm.hasPrefix("cpuhp/") {
        culprit = .stopMachine
      } else if ["irq/", "ktimers/", "ksoftirqd/"].contains(where: comm.hasPrefix) {
        culprit = .irqThread
      } else {
        culprit = .higherPriorityTask
      }
      findings.append(
        Finding(
          culprit, name: rival.task.text, confidence: rival.confidence, spans: rival.spans,
          evidence: rival.evidence,
          nextStep: "\(rival.task.text) runs at \(priority.text), the measured thread at "
            + "\(owner.text). Is it meant to be above it? If not, change one of the two (chrt -p).")
      )
    }
    if findings.isEmpty, spike.waiting.length >= spike.floor {
      return .refuted(
        .higherPriorityTask, because: "no task above \(owner.text) ran while the thread was ready")
    }
    return RuleOutcome(findings: findings)
  }
}
