import TraceModel

/// The deadline server ran normal tasks before real-time tasks (Linux 6.12 and later).
///
/// Evidence: the timer of the server (dl_task_timer) expires, and the CPU switches to a normal
/// task, or continues one, while a real-time task is runnable. The timer is armed again when the
/// real-time task continues. Both ends make it proven. If timers were not recorded, the same
/// switches as for throttling count, on a kernel that has the server and does not throttle the
/// real-time class (no CONFIG_RT_GROUP_SCHED).
///
/// Ruled out by: an older kernel, a server with a runtime of 0, or a throttling message in the
/// kernel log of this run.
///
/// Next step: shorten the real-time loop. The runtime of the server is in
/// /sys/kernel/debug/sched/fair_server.
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
      (timer.map { [Evidence($0, note: "timer of the server")] } ?? []) + throttled.evidence)
  }

  private func finding(
    _ task: TaskIdentity, _ confidence: Confidence, _ spans: [TimeSpan], _ evidence: [Evidence]
  ) -> RuleOutcome {
    RuleOutcome(findings: [
      Finding(
        .deadlineServer, name: task.text, confidence: confidence, spans: spans,
        evidence: evidence,
        nextStep:
          "Real-time tasks starved normal tasks until the deadline server ran these. Shorten "
          + "the loop, or change runtime and period in /sys/kernel/debug/sched/fair_server."
      )
    ])
  }
}
