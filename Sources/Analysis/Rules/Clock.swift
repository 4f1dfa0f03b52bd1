import TraceModel

/// The clock itself: a clocksource whose readings cost microseconds, or one that the kernel found
/// unstable.
///
/// Evidence: all timestamps and the length are multiples of a tick. The trace clock then has only
/// this resolution, and a length of one or two ticks does not show what ran. Otherwise the name of
/// the clocksource and a long clock-read segment, or a message about the clocksource in the kernel
/// log together with time that nothing else explains.
///
/// Ruled out by: a stable tsc, arch timer or paravirtual clock.
///
/// Next step: use CLOCK_MONOTONIC and fix the clocksource (tsc=reliable only if the TSC is).
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
            source: "trace clock", text: "all timestamps and the length are multiples of \(step)")
        ],
        nextStep:
          "The trace clock advances once every \(step), so the length may differ by up to one "
          + "tick. Record with a finer clock (trace_clock mono), or on a kernel with a high-resolution "
          + "sched_clock.")
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
          nextStep:
            "The kernel changed its clocksource during this run. Times are not reliable until "
            + "the cause is fixed.")
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
        nextStep: "Each reading of \(source) costs microseconds. Check the kernel log for why the "
          + "counter of the CPU is not used.")
    ])
  }
}
