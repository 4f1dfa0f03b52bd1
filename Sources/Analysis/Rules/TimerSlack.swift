import TraceModel

/// The timer of a normal task was allowed to expire later (timer slack, 50 us by default).
///
/// Evidence: hrtimer_start with a soft expiry before the hard one, and a thread without a real-time
/// policy.
///
/// Ruled out by: a real-time policy, which has no slack.
///
/// Next step: use prctl(PR_SET_TIMERSLACK, 1), or a real-time policy.
struct TimerSlack: Rule {
  static let profile = RuleProfile(
    .timerSlack, needs: [.armed], best: .proven, takes: "the event timer:hrtimer_start.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard let armed = spike.times.armedEvent,
      case .hrtimerStart(_, _, let hard, let soft, _) = armed.payload, soft < hard,
      soft == spike.sample.expiry
    else { return .nothing }
    if spike.priority.isRealtime {
      return .refuted(.timerSlack, because: "the timer of a real-time task has no slack")
    }
    let end = min(hard, spike.times.interrupt ?? spike.times.waking ?? hard)
    let span = TimeSpan(soft, end)
    guard span.length >= spike.floor else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .timerSlack, name: "\((hard - soft).microseconds) us", confidence: .proven, spans: [span],
        evidence: [Evidence(armed, note: "slack of \((hard - soft).microseconds) us")],
        nextStep: "Reduce the slack (prctl(PR_SET_TIMERSLACK, 1)), or use a real-time policy.")
    ])
  }
}
