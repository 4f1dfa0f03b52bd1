import TraceModel

/// A task of higher priority ran while the measured thread was runnable.
///
/// Evidence: sched_switch to and from it, with the priorities in these events. Its net time counts,
/// without interrupts. If the thread's timer expires in the softirq of ktimers/N or ksoftirqd/N,
/// what keeps that thread from the CPU counts as well, by that thread's priority. Many short tasks
/// are one finding, which names the longest and reports their sum.
///
/// Ruled out by: no task above the thread during the wait. A task that was only boosted
/// (priority-inversion), a stopper thread, an IRQ thread and an RCU thread have their own classes.
///
/// Next step: if this order is not intended, change one of the two priorities (chrt -p).
struct HigherPriorityTask: Rule {
  static let profile = RuleProfile(
    .higherPriorityTask, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    let findings = spike.findings(
      .higherPriorityTask, group: "tasks above \(owner.text)"
    ) { rival in
      if let timer = rival.served { return timer.advice(rival) }
      return "\(rival.task.text) runs at \(rival.priority?.text ?? "?"), the measured thread at "
        + "\(owner.text). If this order is not intended, change one of the two (chrt -p)."
    }
    if findings.isEmpty, spike.waiting.length >= spike.floor {
      guard spike.knowsWhoRan else {
        return .open(
          .higherPriorityTask,
          because: "the trace does not show what ran while the thread was runnable")
      }
      let above = spike.rivals.filter { $0.priority.map { $0.outranks(owner) } ?? false }
        .reduce(Nanoseconds.zero) { $0 + $1.net }
      return .refuted(
        .higherPriorityTask,
        because: above > .zero
          ? "tasks above \(owner.text) ran for only \(above.microseconds) us while the thread was "
            + "runnable"
          : "no task above \(owner.text) ran while the thread was runnable")
    }
    return RuleOutcome(findings: findings)
  }
}
