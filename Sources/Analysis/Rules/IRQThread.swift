import TraceModel

/// A thread that does the work of an IRQ or a softirq ran instead: irq/N, ktimers or ksoftirqd.
///
/// Evidence: sched_switch to and from it, with a priority not below that of the measured thread.
///
/// Ruled out by: a lower priority, because the thread then only happened to be running.
///
/// Next step: set the priorities of the IRQ thread and of the measured thread in the intended order
/// (chrt).
struct IRQThread: Rule {
  static let profile = RuleProfile(
    .irqThread, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    return RuleOutcome(
      findings: spike.findings(.irqThread, group: "IRQ threads") { rival in
        if let timer = rival.served { return timer.advice(rival) }
        return "\(rival.task.text) runs at \(rival.priority?.text ?? "?"), the measured thread at "
          + "\(owner.text). IRQ threads start at rt 50. Give the more urgent of the two the higher "
          + "priority (chrt -p)."
      })
  }
}
