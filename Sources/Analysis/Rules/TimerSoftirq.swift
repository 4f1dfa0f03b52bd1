import TraceModel

/// The timer expired in a softirq or in a timer thread, as PREEMPT_RT does for tasks without a
/// real-time policy.
///
/// Evidence: hrtimer_expire_entry of the thread's timer in softirq context or in ktimers/N or
/// ksoftirqd/N. softirq_raise of HRTIMER shows when the interrupt raised it.
///
/// Ruled out by: an expiry in the IRQ handler.
///
/// Next step: use a real-time policy, or raise the priority of ktimers.
struct TimerSoftirq: Rule {
  static let profile = RuleProfile(
    .timerSoftirq, needs: [.timers, .armed], best: .proven,
    takes: "the events timer:hrtimer_start and hrtimer_expire_entry.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard let expired = spike.times.expireEvent, let waking = spike.times.waking else {
      return .nothing
    }
    let host = spike.names.task(expired.pid, at: expired.time)
    let isThread = host.comm.hasPrefix("ktimers/") || host.comm.hasPrefix("ksoftirqd/")
    guard !expired.context.inHardIRQ, expired.context.inSoftIRQ || isThread else { return .nothing }
    let end = min(max(expired.time, spike.sample.expiry), waking)
    let hrtimer = SoftirqVector.hrtimer.rawValue
    let raised = spike.events(in: TimeSpan(spike.sample.expiry, end)).first {
      if case .softirqRaise(hrtimer) = $0.payload { true } else { false }
    }
    let start = raised?.time ?? spike.sample.expiry
    // What interrupts it has its own classes.
    let spans = spike.replay.spans(in: TimeSpan(start, end)) { slice in
      switch slice.occupant {
      case .task, .idle, .softirq(hrtimer): true
      default: false
      }
    }
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .timerSoftirq, name: isThread ? host.text : SoftirqVector.hrtimer.name,
        confidence: raised != nil ? .proven : .likely, spans: spans,
        evidence: (raised.map { [Evidence($0)] } ?? []) + [
          Evidence(expired, note: "in \(isThread ? host.text : "softirq context")")
        ],
        nextStep: "Use a real-time policy, whose timers expire in the IRQ handler, or raise the "
          + "priority of the timer threads (ktimers/N).")
    ])
  }
}
