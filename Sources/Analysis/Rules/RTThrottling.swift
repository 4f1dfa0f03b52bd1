import TraceModel

/// Real-time throttling: runnable real-time tasks lost the CPU to normal ones.
///
/// Evidence: sched_switch. Seen from a real-time thread: the CPU went to a normal task or to idle while the thread was
/// on its run queue. Seen from a normal thread: a real-time task that still wanted to run had to leave. The period's timer
/// (sched_rt_period_timer) right before the thread goes on says that it was throttling also where a deadline server is
/// there; one without such an effect is none.
///
/// Refuted by: sched_rt_runtime_us of -1; a kernel whose deadline server took its place (6.12 and later without
/// CONFIG_RT_GROUP_SCHED); the deadline server's timer at its begin or end. Only lines that the kernel wrote since the run
/// began count.
///
/// Next step: shorten the real-time loop or raise the limit; -1 removes it and with it the way into a hung machine.
struct RTThrottling: Rule {
  static let profile = RuleProfile(
    .rtThrottling, needs: [.switches, .waking], proof: [.fact(.throttlingLimits)], best: .proven,
    takes: "the event sched:sched_switch and /proc/sys/kernel/sched_rt_runtime_us; the kernel log "
      + "has its line only once after boot.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard spike.waiting.length >= spike.floor, !Throttling.isServer(spike.context) else {
      return .nothing
    }
    if let runtime = spike.context.rtRuntime, runtime < .zero {
      return .refuted(.rtThrottling, because: "sched_rt_runtime_us is -1: no throttling")
    }
    let turn = spike.serverTurn
    guard var throttled = Throttling(spike) else {
      guard spike.knowsWhoRan else {
        return .open(
          .rtThrottling, because: "who ran while the thread was runnable was not recorded")
      }
      return spike.priority.isRealtime
        ? .refuted(
          .rtThrottling, because: "the CPU went to no normal task while the thread was ready")
        : .nothing
    }
    // The server may come first, and the throttling where no normal task is left.
    let rest = Spans.subtracting(Spans.merged(turn?.spans ?? []), from: throttled.spans)
    let isServers = Spans.length(rest) * 2 < Spans.length(throttled.spans)
    if isServers || (turn == nil && throttled.serverTimer != nil) {
      return .refuted(.rtThrottling, because: "the deadline server's timer began it")
    }
    throttled.spans = rest
    var evidence = [throttled.evidence]
    if let runtime = spike.context.rtRuntime, let period = spike.context.rtPeriod {
      evidence.append(
        Evidence(
          source: "sched_rt_runtime_us",
          text: "\(runtime.microseconds) us of every \(period.microseconds) us"))
    }
    if spike.context.throttlingLogged == true {
      evidence.append(Evidence(source: "kernel log", text: "sched: RT throttling activated"))
    }
    let period = Self.period(spike)
    if let period { evidence.append(Evidence(period, note: "the period ends, and it goes on")) }
    return RuleOutcome(findings: [
      Finding(
        .rtThrottling, name: throttled.task.text,
        // Beside a deadline server the switches alone do not tell which of the two it was.
        confidence: throttled.isDirect
          && (spike.context.hasDeadlineServer != true || period != nil)
          ? .proven : .likely, spans: throttled.spans,
        evidence: evidence,
        nextStep: "Real-time tasks used up sched_rt_runtime_us. Shorten the loop, or raise the "
          + "limit; -1 removes it and with it the last way into a hung machine.")
    ])
  }

  /// The expiry of the period's timer that let the thread go on.
  private static func period(_ spike: SpikeCase) -> TraceEvent? {
    let end = spike.waiting.end
    let reach = TimeSpan(end - Nanoseconds(microseconds: 100), end)
    return spike.timeline.cpus.lazy.compactMap { track in
      track.events(in: reach).last {
        if case .hrtimerExpireEntry(_, let function, _) = $0.payload {
          function.symbol == "sched_rt_period_timer"
        } else {
          false
        }
      }
    }.first
  }
}
