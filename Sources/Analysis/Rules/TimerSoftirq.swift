import TraceModel

/// The timer expired in a softirq or in a timer thread, as PREEMPT_RT does for tasks without a
/// real-time policy.
///
/// Evidence: hrtimer_expire_entry of the thread's timer in softirq context or in ktimers/N or
/// ksoftirqd/N. softirq_raise of HRTIMER shows when the interrupt raised it.
///
/// Ruled out by: an expiry in the IRQ handler. While the timer thread waits for the CPU, the task
/// that runs is the cause (higher-priority-task, run-queue, rt-throttling). A wait of the timer
/// thread that no priority explains is possible at best.
///
/// Next step: use a real-time policy, or raise the priority of ktimers.
struct TimerSoftirq: Rule {
  static let profile = RuleProfile(
    .timerSoftirq, needs: [.timers, .armed], best: .proven,
    takes: "the events timer:hrtimer_start and hrtimer_expire_entry.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard let timer = spike.softTimer else { return .nothing }
    let hrtimer = SoftirqVector.hrtimer.rawValue
    // What interrupts it has its own classes.
    let spans = Spans.merged(
      spike.replay.spans(in: timer.span) { slice in
        switch slice.occupant {
        case .task, .idle, .softirq(hrtimer): true
        default: false
        }
      })
    // The task that kept the thread from the CPU is the cause of that part.
    let others = Spans.merged(spike.rivals.filter { $0.served != nil }.flatMap(\.spans))
    let rest = Spans.subtracting(others, from: spans)
    let name = timer.thread?.text ?? SoftirqVector.hrtimer.name
    guard Spans.length(rest) >= spike.floor else {
      guard timer.thread != nil, Spans.length(spans) >= spike.floor else { return .nothing }
      return .refuted(
        .timerSoftirq, because: "\(name), which handles the timer, waited for the CPU itself")
    }
    let waited = Spans.length(Spans.intersection(rest, Spans.merged(timer.waits)))
    let isItsOwn = waited.count * 5 <= Spans.length(rest).count
    return RuleOutcome(findings: [
      Finding(
        .timerSoftirq, name: name,
        // A wait of the thread for the CPU that nothing explains is not the softirq's doing.
        confidence: !isItsOwn ? .possible : timer.raised != nil ? .proven : .likely, spans: rest,
        evidence: (timer.raised.map { [Evidence($0)] } ?? []) + [
          Evidence(
            timer.expired, note: "in \(timer.thread == nil ? "softirq context" : name)")
        ],
        nextStep: "Use a real-time policy, whose timers expire in the IRQ handler, or raise the "
          + "priority of the timer threads (ktimers/N).")
    ])
  }
}
