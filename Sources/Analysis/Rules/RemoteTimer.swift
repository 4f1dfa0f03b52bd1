import TraceModel

/// The timer of the thread expired on another CPU, and the wakeup came from there.
///
/// Evidence: hrtimer_expire_entry with hrtimer_wakeup and the sched_waking in it on one CPU,
/// sched_wakeup and the switch on another one.
///
/// Ruled out by: a timer that expired on the CPU of the thread.
///
/// Next step: keep timers on the CPU where they are armed (kernel.timer_migration=0), or isolate
/// the CPU (nohz_full, cpusets).
struct RemoteTimer: Rule {
  static let profile = RuleProfile(
    .remoteTimer, needs: [.timers, .waking, .wakeup], best: .proven,
    takes: "the events timer:hrtimer_expire_entry, sched:sched_waking and sched_wakeup.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let span = spike.span(.enqueue)
    guard span.length >= max(spike.floor, Nanoseconds(microseconds: 20)),
      let waking = spike.times.wakingEvent, let queued = spike.times.queuedEvent,
      waking.cpu != spike.cpu, let expired = expired(before: waking, spike)
    else { return .nothing }
    // What ran there in interrupts has its own classes.
    let spans = spike.replay.spans(in: span) { slice in
      switch slice.occupant {
      case .task, .idle: true
      default: false
      }
    }
    return RuleOutcome(findings: [
      Finding(
        .remoteTimer, name: "CPU \(waking.cpu) to CPU \(spike.cpu)",
        confidence: queued.cpu == spike.cpu ? .proven : .likely, spans: spans,
        evidence: [
          Evidence(expired, note: "on CPU \(expired.cpu)"), Evidence(waking), Evidence(queued),
        ],
        nextStep: "The timer of \(spike.sample.task.text) expired on CPU \(expired.cpu), and the "
          + "wakeup reached CPU \(spike.cpu) \(span.length.microseconds) us later. Keep timers on "
          + "their own CPU: kernel.timer_migration=0, or isolate CPU \(spike.cpu).")
    ])
  }

  /// The expiry in which the thread was woken; nil where it was none.
  private func expired(before waking: TraceEvent, _ spike: SpikeCase) -> TraceEvent? {
    let reach = TimeSpan(waking.time - Nanoseconds(microseconds: 1_000), waking.time)
    let last = spike.timeline[cpu: waking.cpu]?.events(in: reach).last {
      switch $0.payload {
      case .hrtimerExpireEntry, .hrtimerExpireExit: true
      default: false
      }
    }
    guard case .hrtimerExpireEntry(_, let function, _)? = last?.payload,
      function.symbol == "hrtimer_wakeup"
    else { return nil }
    return last
  }
}
