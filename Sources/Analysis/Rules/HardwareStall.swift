import TraceModel

/// The hardware or its firmware stopped the CPU (SMI, thermal, memory), on bare metal.
///
/// The evidence is that of a stall; without a counter it stays possible.
struct HardwareStall: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard spike.context.hypervisor == nil else { return .nothing }
    let stalls = spike.stalls().filter { $0.interrupted != "the idle loop" }
    guard !stalls.isEmpty else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .hardwareStall, name: "", confidence: .possible, spans: stalls.map(\.span),
        evidence: stalls.flatMap(spike.evidence(of:)),
        nextStep: "Run hwlatdetect or the hwlat tracer and watch the SMI counter (--smi).")
    ])
  }
}
