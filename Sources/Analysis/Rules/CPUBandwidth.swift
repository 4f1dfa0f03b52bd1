import TraceModel

/// The cgroup's CPU bandwidth was used up, and its normal tasks had to wait for the next period.
///
/// Evidence: throttled_usec of the thread's cgroup grew around the spike; the thread waited while the CPU was idle or
/// ran others.
///
/// Refuted by: a real-time policy, a throttled time that did not grow.
///
/// Next step: raise cpu.max of the cgroup, or spread its load.
struct CPUBandwidth: Rule {
  static let profile = RuleProfile(
    .cpuBandwidth, needs: [.switches, .fact(.bandwidth)], best: .likely,
    takes: "cgroup v2 with the cpu controller: cpu.stat of the thread's cgroup.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard !spike.priority.isRealtime, spike.waiting.length >= spike.floor,
      let throttled = spike.context.throttledTime
    else { return .nothing }
    guard throttled > .zero else {
      return .refuted(.cpuBandwidth, because: "the cgroup's throttled time did not grow")
    }
    let isWhole = throttled.count >= spike.waiting.length.count / 2
    let spans = spike.replay.spans(in: spike.waiting) { slice in
      switch slice.occupant {
      case .idle: true
      case .task(let task, _): isWhole && task.pid != spike.sample.task.pid
      default: false
      }
    }
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .cpuBandwidth, name: "", confidence: isWhole ? .likely : .possible, spans: spans,
        evidence: [
          Evidence(
            source: "cpu.stat", text: "throttled_usec grew by \(throttled.microseconds)")
        ],
        nextStep: "The cgroup used up its cpu.max. Raise it, or measure outside of the cgroup.")
    ])
  }
}
