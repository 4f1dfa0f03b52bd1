import TraceModel

/// The latency is within the cost of tracing.
///
/// Evidence: the cost of tracing on this machine, from the self-test. A latency below twice the
/// cost says nothing about the system.
///
/// Ruled out by: a latency of more than twice the cost. The rule does not apply to a task without
/// real-time priority, whose wakeups depend on the other tasks.
///
/// Next step: trace less, or use a higher threshold.
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
        because: "tracing costs \(cost.microseconds) us per wakeup, too little to cause this")
    }
    return RuleOutcome(findings: [
      Finding(
        .observer, name: "\(cost.microseconds) us", confidence: .likely,
        spans: [spike.sample.window],
        evidence: [
          Evidence(source: "self-test", text: "tracing adds \(cost.microseconds) us to a wakeup")
        ],
        nextStep: "The latency is within the cost of tracing. Use a threshold above "
          + "\((cost + cost).microseconds) us, or trace less.")
    ])
  }
}
