import TraceModel

/// The scheduler itself was slow: many runnable tasks, cold caches or load balancing.
///
/// Evidence: 20 to 100 us between enqueue and switch in which no other task and no interrupt ran.
/// This is indirect, so it is at most possible. A section of a latency tracer that begins in
/// schedule() also belongs to the scheduler.
///
/// Ruled out by: anything else that ran, or a longer time, which the scheduler does not need.
///
/// Next step: compare with an idle machine, or with fewer runnable tasks and cgroups on that CPU.
struct SchedulerOverhead: Rule {
  static let profile = RuleProfile(
    .schedulerOverhead, needs: [.switches, .wakeup], best: .possible,
    takes: "function_graph of schedule() (CONFIG_FUNCTION_GRAPH_TRACER).")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.schedulerOverhead, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let waiting = spike.waiting
    guard spike.times.switched != nil, spike.times.queued != nil,
      waiting.length >= max(spike.floor, Nanoseconds(microseconds: 20)),
      waiting.length <= Nanoseconds(microseconds: 100),
      spike.held?.isForced != true,
      spike.rivals.reduce(.zero, { $0 + ($1.served == nil ? $1.net : .zero) }) < spike.floor
    else { return .nothing }
    let spans = spike.replay.spans(in: waiting) { slice in
      switch slice.occupant {
      case .task, .idle: true
      default: false
      }
    }
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .schedulerOverhead, name: "", confidence: .possible, spans: spans,
        evidence: [spike.times.queuedEvent, spike.times.switchedEvent].compactMap {
          $0.map { Evidence($0) }
        },
        nextStep:
          "No other task ran between enqueue and switch. Compare with fewer runnable tasks and "
          + "cgroups on CPU \(spike.cpu). A function_graph trace of schedule() would show the cause."
      )
    ])
  }
}
