import TraceModel

/// The deadline server let normal tasks run in front of real-time ones (6.12 and later).
///
/// Evidence: the server's timer (dl_task_timer) expires, and the CPU goes to a normal task while a real-time one is
/// runnable, or stays with it; the timer is armed again where the real-time task goes on. Both ends make it proven. Where
/// timers were not recorded, the same switches as for throttling, on a kernel that has the server and where throttling of
/// the real-time class is gone (no CONFIG_RT_GROUP_SCHED).
///
/// Refuted by: an older kernel, a server with a runtime of 0, the kernel log's throttling line of this run.
///
/// Next step: shorten the real-time loop; the server's runtime is in /sys/kernel/debug/sched/fair_server.
struct DeadlineServer: Rule {
  static let profile = RuleProfile(
    .deadlineServer, needs: [.switches, .waking, .fact(.deadlineServer)],
    proof: [.timers, .armed], best: .proven,
    takes: "the events timer:hrtimer_expire_entry and hrtimer_start; else the kernel's version and "
      + "config.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    if let turn = spike.serverTurn {
      return finding(
        spike.sample.task, turn.end != nil ? .proven : .likely, turn.spans, turn.evidence)
    }
    guard let throttled = Throttling(spike) else { return .nothing }
    let timer = throttled.serverTimer
    guard timer != nil || Throttling.isServer(spike.context) else { return .nothing }
    return finding(
      throttled.task, throttled.isDirect ? .likely : .possible, throttled.spans,
      (timer.map { [Evidence($0, note: "the server's timer")] } ?? []) + [throttled.evidence])
  }

  private func finding(
    _ task: TaskIdentity, _ confidence: Confidence, _ spans: [TimeSpan], _ evidence: [Evidence]
  ) -> RuleOutcome {
    RuleOutcome(findings: [
      Finding(
        .deadlineServer, name: task.text, confidence: confidence, spans: spans,
        evidence: evidence,
        nextStep: "Real-time tasks starved the normal ones until the deadline server stepped in. "
          + "Shorten the loop, or change runtime and period in /sys/kernel/debug/sched/fair_server."
      )
    ])
  }
}
