import TraceModel

/// The scheduler tick ran before the timer of the thread.
///
/// Evidence: hrtimer_expire_entry and hrtimer_expire_exit of the tick on the same CPU between the
/// expiry and the wakeup.
///
/// Ruled out by: no tick before it.
///
/// Next step: use nohz_full for the measured CPUs, or skew_tick=1 so that the CPUs do not tick at
/// the same time.
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
          nextStep: "The tick took \(total.microseconds) us. nohz_full= stops it on this CPU, and "
            + "skew_tick=1 spreads the ticks of the CPUs.")
      })
  }
}
