import TraceModel

/// A non-maskable interrupt ran: a watchdog, a profiler, hardware errors.
///
/// Evidence: nmi:nmi_handler, which is written at the handler's end with its length; osnoise's nmi_noise; NMIs that hwlat
/// counted in a look with a gap (likely).
///
/// Refuted by: no NMI in the window.
///
/// Next step: nmi_watchdog=0, and stop perf or other profiling; the handler's name says whose it is.
struct NMI: Rule {
  static let profile = RuleProfile(
    .nmi, needs: [.events(["nmi:nmi_handler"])], best: .proven,
    takes: "the event nmi:nmi_handler.")

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    let parts = noise.parts(of: .nmi, in: spike) { _ in
      "Turn off the NMI watchdog (nmi_watchdog=0) and profilers (perf)."
    } name: {
      if case .nmi = $0 { "" } else { nil }
    }
    if let parts { return parts }
    switch noise.kind {
    case .nmi:
      return noise.finding(
        .nmi, "", .proven, in: spike,
        nextStep: "Turn off the NMI watchdog (nmi_watchdog=0) and profilers (perf).")
    case .gap(let count) where count > 0:
      return noise.finding(
        .nmi, "", .likely, in: spike,
        nextStep:
          "hwlat counted \(count) NMI\(count == 1 ? "" : "s") in this look. Turn off the NMI "
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
            + "\(entry.net.microseconds) us. Turn off the NMI watchdog (nmi_watchdog=0) and "
            + "profilers (perf), the tool's user's own included."))
    }
    return RuleOutcome(findings: findings)
  }
}
