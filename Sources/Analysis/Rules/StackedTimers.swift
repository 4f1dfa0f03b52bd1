import TraceModel

/// Other timers expired before the timer of the thread.
///
/// Evidence: hrtimer_expire_entry and hrtimer_expire_exit (or timer_expire_entry and
/// timer_expire_exit) of other timers on the same CPU between the expiry and the switch, including
/// the time between two timers. The name is the function of the timer.
///
/// Ruled out by: no other timer before it.
///
/// Next step: stagger the timers, use skew_tick=1, or find out which code arms many timers with
/// that function.
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
            + "\(entry.function.text) ran first and took \(total.microseconds) us. Stagger them, or "
            + "move the code that arms them to another CPU.")
      })
  }
}
