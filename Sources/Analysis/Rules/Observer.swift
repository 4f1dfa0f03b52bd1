import TraceModel

/// The latency is within what the tracing itself costs.
///
/// Evidence: the self-test's cost of arming on this machine; a latency below twice of it says nothing about the system.
///
/// Refuted by: a latency of more than twice the cost. Of a task without real-time priority nothing is said: its wake-ups
/// depend on who else is there.
///
/// Next step: a lower tracing level, or a higher threshold.
struct Observer: Rule {
  static let profile = RuleProfile(
    .observer, needs: [.fact(.observerCost)], best: .likely,
    takes: "the self-test at the start of a run (p50 with tracing off and on).")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard spike.priority.isRealtime, let cost = spike.context.observerCost, cost > .zero else {
      return .nothing
    }
    guard spike.sample.latency < cost + cost else {
      return .refuted(
        .observer,
        because: "tracing costs \(cost.microseconds) us here, less than half of the latency")
    }
    return RuleOutcome(findings: [
      Finding(
        .observer, name: "\(cost.microseconds) us", confidence: .likely,
        spans: [spike.sample.window],
        evidence: [
          Evidence(source: "self-test", text: "arming adds \(cost.microseconds) us to a wake-up")
        ],
        nextStep: "The latency is within tool noise. Break at more than "
          + "\((cost + cost).microseconds) us, or trace less.")
    ])
  }
}
