import TraceModel

/// Other timers expired in front of the thread's own.
///
/// Evidence: hrtimer_expire_entry and _exit (or timer_expire_entry and _exit) of other timers on the same CPU between
/// the expiry and the switch, with the ways from one timer to the next; the name is the timer's function.
///
/// Refuted by: no other timer in front.
///
/// Next step: stagger the timers, skew_tick=1, or find who armed so many of that function.
struct StackedTimers: Rule {
  static let profile = RuleProfile(
    .stackedTimers, needs: [.timers, .events(["timer:hrtimer_expire_exit"])], best: .proven,
    takes: "the events timer:hrtimer_expire_entry and _exit.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    RuleOutcome(
      findings: TimerFunctions(spike, throughSwitch: true).entries.compactMap { entry in
        let total = Spans.length(Spans.merged(entry.spans))
        guard !entry.evidence.isEmpty else { return nil }
        guard !TimerFunctions.isTick(entry.function.name), total >= spike.floor else { return nil }
        return Finding(
          .stackedTimers, name: entry.function.name, confidence: .proven,
          spans: Spans.merged(entry.spans), evidence: entry.evidence,
          nextStep: "\(entry.count) timer\(entry.count == 1 ? "" : "s") of "
            + "\(entry.function.text) took \(total.microseconds) us in front. Stagger them, or "
            + "move who armed them to another CPU.")
      })
  }
}
