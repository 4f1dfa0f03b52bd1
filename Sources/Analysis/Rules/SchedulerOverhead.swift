import TraceModel

/// The way to the switch itself was slow: many runnable tasks, cold caches, balancing.
///
/// Evidence: 20 to 100 us between run queue and switch in which nobody else was seen to run and no interrupt came.
/// Nothing is measured directly, so it is never more than possible. A section of a latency tracer that begins in
/// schedule() itself is the scheduler's as well.
///
/// Refuted by: anything else that ran; a longer stretch, which the scheduler does not need.
///
/// Next step: compare with an idle machine; fewer runnable tasks and cgroups on that CPU.
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
      spike.held?.isForced != true, spike.rivals.reduce(.zero, { $0 + $1.net }) < spike.floor
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
        nextStep: "Nobody else ran between run queue and switch. Compare with fewer runnable tasks "
          + "and cgroups on CPU \(spike.cpu); a function_graph of schedule() would show it.")
    ])
  }
}
