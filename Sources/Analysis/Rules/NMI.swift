import TraceModel

/// A non-maskable interrupt ran: a watchdog, a profiler or a hardware error.
///
/// Evidence: nmi:nmi_handler, which is recorded at the end of the handler with its length;
/// nmi_noise of osnoise; or NMIs that hwlat counted in a sample with a gap (likely).
///
/// Ruled out by: no NMI in the window.
///
/// Next step: set nmi_watchdog=0, and stop perf and other profilers. The name of the handler shows
/// its owner.
struct NMI: Rule {
  static let profile = RuleProfile(
    .nmi, needs: [.events(["nmi:nmi_handler"])], best: .proven,
    takes: "the event nmi:nmi_handler.")

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    let parts = noise.parts(of: .nmi, in: spike) { _ in
      "Disable the NMI watchdog (nmi_watchdog=0) and profilers (perf)."
    } name: {
      if case .nmi = $0 { "" } else { nil }
    }
    if let parts { return parts }
    switch noise.kind {
    case .nmi:
      return noise.finding(
        .nmi, "", .proven, in: spike,
        nextStep: "Disable the NMI watchdog (nmi_watchdog=0) and profilers (perf).")
    case .gap(let count) where count > 0:
      return noise.finding(
        .nmi, "", .likely, in: spike,
        nextStep:
          "hwlat counted \(count) NMI\(count == 1 ? "" : "s") in this sample. Disable the NMI "
          + "watchdog (nmi_watchdog=0) and profilers (perf).")
    default: return noise.summary(.nmi, in: spike)
    }
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var findings: [Finding] = []
    for entry in spike.replay.ran(in: spike.sample.window) {
      guard case .nmi = entry.occupant, entry.net >= spike.floor else { continue }
      findings.append(
        Finding(
          .nmi, name: entry.occupant.name, confidence: .proven,
          spans: spike.replay.spans(in: spike.sample.window) { $0.occupant == entry.occupant },
          evidence: HardIRQ.evidence(spike, of: entry.occupant, in: spike.sample.window),
          nextStep: "\(entry.count) NMI\(entry.count == 1 ? "" : "s") took "
            + "\(entry.net.microseconds) us. Disable the NMI watchdog (nmi_watchdog=0) and "
            + "profilers (perf)."))
    }
    return RuleOutcome(findings: findings)
  }
}
