import TraceModel

/// The clock itself: a slow clocksource whose readings cost microseconds, or one that the kernel found unstable.
///
/// Evidence: the name of the clocksource and the stretch between the return and the clock reading, or the kernel log's
/// line on the clocksource together with a stretch that nothing else explains.
///
/// Refuted by: a stable tsc, arch timer or paravirtual clock.
///
/// Next step: use CLOCK_MONOTONIC, repair the clocksource (tsc=reliable only where it is).
struct Clock: Rule {
  static let profile = RuleProfile(
    .clock, needs: [.fact(.clocksource)], best: .likely,
    takes: "/sys/devices/system/clocksource and the kernel log (CAP_SYSLOG where dmesg_restrict is "
      + "set).")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    if let trouble = spike.context.clockTrouble, !trouble.isEmpty {
      let late = spike.span(.timer)
      guard late.length >= spike.floor else { return .nothing }
      return RuleOutcome(findings: [
        Finding(
          .clock, name: spike.context.clocksource ?? "", confidence: .possible,
          spans: LateTimer.spans(spike),
          evidence: [Evidence(source: "kernel log", text: trouble)],
          nextStep: "The kernel changed its clocksource in this run: its times are not to be "
            + "trusted until that is repaired.")
      ])
    }
    let reading = spike.span(.clockRead)
    guard let source = spike.context.clocksource,
      ["hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"].contains(source),
      spike.times.returned != nil, reading.length >= spike.floor
    else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .clock, name: source, confidence: .possible, spans: spike.ownSpans(in: reading),
        evidence: [Evidence(source: "current_clocksource", text: source)],
        nextStep: "Each reading of \(source) costs microseconds. Find out in the kernel log why "
          + "the CPU's own counter was not taken.")
    ])
  }
}
