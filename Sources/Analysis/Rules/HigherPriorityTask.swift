import TraceModel

/// A task that outranks the measured thread had the CPU while the thread was ready.
///
/// Evidence: sched_switch to and from it, with priorities of its own fields; its own time counts, interrupts on top
/// of it are taken off. Tasks that are short, but many, are one finding: the longest is named, their sum is told.
///
/// Refuted by: no task above the thread in the wait; a task that was only boosted (priority-inversion), a stopper, an
/// interrupt thread or an RCU thread has a class of its own.
///
/// Next step: is it meant to be above the thread? If not, change one of the two priorities (chrt -p).
struct HigherPriorityTask: Rule {
  static let profile = RuleProfile(
    .higherPriorityTask, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    let findings = spike.findings(
      .higherPriorityTask, group: "tasks above \(owner.text)"
    ) { rival in
      "\(rival.task.text) runs at \(rival.priority?.text ?? "?"), the measured thread at "
        + "\(owner.text). Is it meant to be above it? If not, change one of the two (chrt -p)."
    }
    if findings.isEmpty, spike.waiting.length >= spike.floor {
      guard spike.knowsWhoRan else {
        return .open(
          .higherPriorityTask, because: "who ran while the thread was runnable was not recorded")
      }
      return .refuted(
        .higherPriorityTask, because: "no task above \(owner.text) ran while the thread was ready")
    }
    return RuleOutcome(findings: findings)
  }
}
