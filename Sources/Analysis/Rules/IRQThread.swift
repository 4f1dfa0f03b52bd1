import TraceModel

/// A thread that does the work of an interrupt or a softirq had the CPU: irq/N, ktimers, ksoftirqd.
///
/// Evidence: sched_switch to and from it, with a priority not below the measured thread's.
///
/// Refuted by: a lower priority (then it only stood there).
///
/// Next step: chrt the interrupt thread, or the measured one, so that their order is meant.
struct IRQThread: Rule {
  static let profile = RuleProfile(
    .irqThread, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let owner = spike.priority
    return RuleOutcome(
      findings: spike.findings(.irqThread, group: "interrupt threads") { rival in
        "\(rival.task.text) runs at \(rival.priority?.text ?? "?"), the measured thread at "
          + "\(owner.text). Interrupt threads start at rt 50: give the more urgent of the two the "
          + "higher priority (chrt -p)."
      })
  }
}
