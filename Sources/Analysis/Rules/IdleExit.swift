import TraceModel

/// The CPU needed long to leave a deep idle state, on bare metal.
///
/// Needs the wake-up to have interrupted the idle loop; power:cpu_idle names the state.
struct IdleExit: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard spike.context.hypervisor == nil else { return .nothing }
    let stalls = spike.stalls().filter { $0.interrupted == "the idle loop" }
    guard !stalls.isEmpty else { return .nothing }
    let track = spike.timeline[cpu: spike.cpu]?.events ?? []
    let entry = track.last {
      if case .cpuIdle(.some, _) = $0.payload { $0.time <= spike.sample.wake } else { false }
    }
    var state = ""
    if case .cpuIdle(.some(let number), _) = entry?.payload { state = "state \(number)" }
    return RuleOutcome(findings: [
      Finding(
        .idleExit, name: state, confidence: entry == nil ? .possible : .likely,
        spans: stalls.map(\.span),
        evidence: (entry.map { [Evidence($0)] } ?? []) + stalls.flatMap(spike.evidence(of:)),
        nextStep: "Hold /dev/cpu_dma_latency at 0 (default here, off with --default-system) or "
          + "disable the state in /sys/devices/system/cpu/cpu\(spike.cpu)/cpuidle.")
    ])
  }
}
