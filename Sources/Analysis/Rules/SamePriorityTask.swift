import TraceModel

/// A real-time task of the measured thread's own priority had the CPU, and FIFO does not preempt it.
///
/// Evidence: sched_switch to and from it, with equal priorities in its fields; need-resched was not set.
///
/// Refuted by: another priority; a boosted equal is priority-inversion.
///
/// Next step: measure, or run the application, one priority above it.
struct SamePriorityTask: Rule {
  static let profile = RuleProfile(
    .samePriorityTask, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    return RuleOutcome(
      findings: spike.findings(.samePriorityTask, group: "tasks at \(owner.text)") { rival in
        "\(rival.task.text) runs at \(owner.text) too and is not preempted by an equal. Measure (or "
          + "run the application) one priority above it."
      })
  }
}
