import TraceModel

/// The CPU needed long to leave a deep idle state, on bare metal.
///
/// Evidence: the wake-up interrupted the idle loop, nothing else was written meanwhile; power:cpu_idle names the
/// state, whose advertised exit latency must fit: a stretch of more than three times of it is no idle exit. Where the
/// kernel does not tell the latency, or nobody knows whether this was a guest, it is possible at most.
///
/// Refuted by: a hypervisor (leaving idle is then the host's), a stretch far above the state's exit latency, or of more
/// than 10 ms: no idle state takes that long.
///
/// Next step: hold /dev/cpu_dma_latency at 0 or disable the state; a test that holds it hides what production sees.
struct IdleExit: Rule {
  static let profile = RuleProfile(
    .idleExit, needs: [.waking, .events(["power:cpu_idle"])], proof: [.fact(.idleLatencies)],
    best: .likely,
    takes: "the event power:cpu_idle and a cpuidle driver; only a hardware trace could prove it.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    if case .guest = spike.context.platform { return .nothing }
    let stalls = spike.stalls.filter { $0.interrupted == Stall.idleLoop }
    guard let first = stalls.first else { return .nothing }
    let track = spike.timeline[cpu: spike.timerCPU]?.events ?? []
    let entry = track.last {
      if case .cpuIdle(.some, _) = $0.payload { $0.time <= first.span.start } else { false }
    }
    var state = ""
    // Exit latencies end at a few ms, even where most of the chip is switched off.
    guard first.span.length <= Nanoseconds(microseconds: 10_000) else {
      return .refuted(
        .idleExit, because: "no idle state takes \(first.span.length.microseconds) us to leave")
    }
    var confidence: Confidence = .possible
    var notes: [Evidence] = []
    if case .cpuIdle(.some(let number), _) = entry?.payload {
      state = "state \(number)"
      if let latency = spike.context.idleExitLatencies?[number] {
        notes = [
          Evidence(
            source: "cpuidle", text: "\(state) needs \(latency.microseconds) us to leave",
            cpu: spike.timerCPU)
        ]
        if first.span.length > latency + latency + latency {
          if first.span.length.count / 10 > max(latency.count, 1) {
            return .refuted(
              .idleExit,
              because: "\(state) needs \(latency.microseconds) us to leave, not "
                + "\(first.span.length.microseconds)")
          }
        } else if spike.context.platform == .bareMetal {
          confidence = .likely
        }
      }
    }
    return RuleOutcome(findings: [
      Finding(
        .idleExit, name: state, confidence: confidence, spans: stalls.map(\.span),
        evidence: (entry.map { [Evidence($0)] } ?? []) + notes
          + stalls.flatMap(spike.evidence(of:)),
        nextStep: "Hold /dev/cpu_dma_latency at 0 (default here, off with --default-system) or "
          + "disable the state in /sys/devices/system/cpu/cpu\(spike.timerCPU)/cpuidle.")
    ])
  }
}
