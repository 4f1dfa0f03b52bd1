import TraceModel

/// The clock itself: a slow clocksource whose readings cost microseconds, or one that the kernel found unstable.
///
/// Evidence: stamps and length that are all multiples of a tick: then the trace clock itself is that coarse, and a length
/// of a tick or two says nothing of what ran. Else the name of the clocksource and the stretch between the return and the clock reading, or the kernel log's
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

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome { coarse(spike) }

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome { coarse(spike) }

  /// The window is hardly longer than a step of the trace clock.
  private func coarse(_ spike: SpikeCase) -> RuleOutcome {
    guard let tick = spike.clockTick, spike.isWithinTick else { return .nothing }
    let step = "\(tick.microseconds / 1_000) ms"
    return RuleOutcome(findings: [
      Finding(
        .clock, name: "resolution of \(step)", confidence: .possible, spans: [spike.sample.window],
        evidence: [
          Evidence(
            source: "trace clock", text: "all stamps and the length are multiples of \(step)")
        ],
        nextStep: "The trace clock moves once every \(step), so the real length is anything up to "
          + "one tick more or less. Record with a finer clock (trace_clock mono), or on a kernel "
          + "with a high-resolution sched_clock.")
    ])
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    if spike.clockTick != nil { return coarse(spike) }
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
