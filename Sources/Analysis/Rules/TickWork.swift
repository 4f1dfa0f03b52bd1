import TraceModel

/// The scheduler's tick worked in front of the thread's timer.
///
/// Evidence: hrtimer_expire_entry and _exit of the tick's function on the same CPU between the expiry and the wake-up.
///
/// Refuted by: no tick in front.
///
/// Next step: nohz_full for the measured CPUs, skew_tick=1 so that not all CPUs tick together.
struct TickWork: Rule {
  static let profile = RuleProfile(
    .tickWork, needs: [.timers, .events(["timer:hrtimer_expire_exit"])], best: .proven,
    takes: "the events timer:hrtimer_expire_entry and _exit.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    RuleOutcome(
      findings: TimerFunctions(spike).entries.compactMap { entry in
        let total = Spans.length(entry.spans)
        guard TimerFunctions.isTick(entry.function.name), total >= spike.floor,
          !entry.evidence.isEmpty
        else { return nil }
        return Finding(
          .tickWork, name: entry.function.name, confidence: .proven, spans: entry.spans,
          evidence: entry.evidence,
          nextStep: "The tick took \(total.microseconds) us. nohz_full= keeps it off the CPU, "
            + "skew_tick=1 keeps the CPUs' ticks apart.")
      })
  }
}
