import TraceModel

/// Real-time throttling: normal tasks ran instead of runnable real-time tasks.
///
/// Evidence: sched_switch. For a real-time thread, the CPU switched to a normal task or to idle
/// while the thread was runnable. For a normal thread, a real-time task was switched out although
/// it was still runnable. The period timer (sched_rt_period_timer) right before the thread
/// continues shows that it was throttled, even if there is a deadline server. A timer without this
/// effect does not count. If the thread's timer expires in the softirq of another thread, that
/// thread's wait counts: throttling gives the CPU to ksoftirqd/N, and holds ktimers/N back, which
/// is a real-time task itself.
///
/// Ruled out by: sched_rt_runtime_us of -1; a kernel whose deadline server replaced throttling
/// (6.12 and later without CONFIG_RT_GROUP_SCHED); or the timer of the deadline server at the begin
/// or end. Only messages of the kernel log since the start of the run count.
///
/// Next step: shorten the real-time loop, or raise the limit. -1 disables throttling, and an
/// endless loop then hangs the CPU.
struct RTThrottling: Rule {
  static let profile = RuleProfile(
    .rtThrottling, needs: [.switches, .waking], proof: [.fact(.throttlingLimits)], best: .proven,
    takes: "the event sched:sched_switch and /proc/sys/kernel/sched_rt_runtime_us; the kernel logs "
      + "it only once after boot.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard Throttling.isPossible(spike), !Throttling.isServer(spike.context) else {
      return .nothing
    }
    if let runtime = spike.context.rtRuntime, runtime < .zero {
      return .refuted(.rtThrottling, because: "throttling is disabled (sched_rt_runtime_us is -1)")
    }
    let turn = spike.serverTurn
    guard var throttled = Throttling(spike) else {
      guard spike.knowsWhoRan else {
        return .open(
          .rtThrottling, because: "the trace does not show what ran while the thread was runnable")
      }
      return spike.priority.isRealtime
        ? .refuted(
          .rtThrottling,
          because: "the CPU was not given to a normal task while the thread was runnable")
        : .nothing
    }
    // The server may come first, and the throttling where no normal task is left.
    let rest = Spans.subtracting(Spans.merged(turn?.spans ?? []), from: throttled.spans)
    let isServers = Spans.length(rest) * 2 < Spans.length(throttled.spans)
    if isServers || (turn == nil && throttled.serverTimer != nil) {
      return .refuted(.rtThrottling, because: "the timer of the deadline server started it")
    }
    throttled.spans = rest
    var evidence = throttled.evidence
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
    if let period {
      evidence.append(Evidence(period, note: "end of the period, the thread continues"))
    }
    return RuleOutcome(findings: [
      Finding(
        .rtThrottling, name: throttled.task.text,
        // Beside a deadline server the switches alone do not report which of the two it was.
        confidence: throttled.isDirect
          && (spike.context.hasDeadlineServer != true || period != nil)
          ? .proven : .likely, spans: throttled.spans,
        evidence: evidence,
        nextStep: "Real-time tasks exhausted sched_rt_runtime_us. Shorten the loop, or raise the "
          + "limit. -1 disables throttling, and an endless loop then hangs the CPU."
          + (throttled.served.map {
            " The timer of the measured thread waited for \($0.title), which handles it."
          } ?? ""))
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
