import TraceModel

/// The deadline server let normal tasks run in front of real-time ones (6.12 and later).
///
/// Evidence: the same switches as for throttling, on a kernel that has the server and where throttling of the
/// real-time class is gone (no CONFIG_RT_GROUP_SCHED).
///
/// Refuted by: an older kernel, a server with a runtime of 0, the kernel log's throttling line.
///
/// Next step: shorten the real-time loop; the server's runtime is in /sys/kernel/debug/sched/fair_server.
struct DeadlineServer: Rule {
  static let profile = RuleProfile(
    .deadlineServer, needs: [.switches, .waking, .fact(.deadlineServer)], best: .likely,
    takes: "the kernel's version and config; /sys/kernel/debug/sched/fair_server needs debugfs.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard Throttling.isServer(spike.context), let throttled = Throttling(spike) else {
      return .nothing
    }
    return RuleOutcome(findings: [
      Finding(
        .deadlineServer, name: throttled.task.text,
        confidence: throttled.isDirect ? .likely : .possible, spans: throttled.spans,
        evidence: [throttled.evidence],
        nextStep: "Real-time tasks starved the normal ones until the deadline server stepped in. "
          + "Shorten the loop, or change runtime and period in /sys/kernel/debug/sched/fair_server."
      )
    ])
  }
}
