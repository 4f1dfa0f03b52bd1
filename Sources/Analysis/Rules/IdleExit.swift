import TraceModel

/// The exit of the CPU from a deep idle state took long, on bare metal.
///
/// Evidence: the wakeup interrupted the idle loop, and no other event was recorded meanwhile.
/// power:cpu_idle names the state, whose exit latency must match. More than three times the exit
/// latency is not an exit from idle. If the kernel does not report the exit latency, or it is
/// unknown whether this was a guest, it is at most possible.
///
/// Ruled out by: a hypervisor, because the host then handles idle; a time far above the exit
/// latency of the state; or more than 10 ms, because no idle state takes that long.
///
/// Next step: hold /dev/cpu_dma_latency at 0, or disable the state. A test that holds it does not
/// see what production sees.
struct IdleExit: Rule {
  static let profile = RuleProfile(
    .idleExit, needs: [.waking, .events(["power:cpu_idle"])], proof: [.fact(.idleLatencies)],
    best: .likely,
    takes: "the event power:cpu_idle and a cpuidle driver; only a hardware trace can prove it.")

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
        .idleExit,
        because: "no idle state has an exit latency of \(first.span.length.microseconds) us")
    }
    var confidence: Confidence = .possible
    var notes: [Evidence] = []
    if case .cpuIdle(.some(let number), _) = entry?.payload {
      state = "state \(number)"
      if let latency = spike.context.idleExitLatencies?[number] {
        notes = [
          Evidence(
            source: "cpuidle", text: "\(state) has an exit latency of \(latency.microseconds) us",
            cpu: spike.timerCPU)
        ]
        if first.span.length > latency + latency + latency {
          if first.span.length.count / 10 > max(latency.count, 1) {
            return .refuted(
              .idleExit,
              because: "\(state) has an exit latency of \(latency.microseconds) us, not "
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
        nextStep:
          "Hold /dev/cpu_dma_latency at 0 (default of breaktrace without --default-system), or "
          + "disable the state in /sys/devices/system/cpu/cpu\(spike.timerCPU)/cpuidle.")
    ])
  }
}
