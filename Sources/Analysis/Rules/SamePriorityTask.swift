import TraceModel

/// A real-time task with the priority of the measured thread ran, and FIFO does not preempt it.
///
/// Evidence: sched_switch to and from it with equal priorities. need-resched was not set.
///
/// Ruled out by: another priority. A boosted task of equal priority is priority-inversion.
///
/// Next step: run the measurement or the application at a higher priority.
struct SamePriorityTask: Rule {
  static let profile = RuleProfile(
    .samePriorityTask, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    return RuleOutcome(
      findings: spike.findings(.samePriorityTask, group: "tasks at \(owner.text)") { rival in
        "\(rival.task.text) also runs at \(owner.text) and is not preempted at equal priority. Run the "
          + "measurement or the application at a higher priority."
      })
  }
}
