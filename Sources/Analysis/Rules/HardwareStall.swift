import TraceModel

/// The hardware or its firmware stopped the CPU (SMI, thermal control, memory).
///
/// Evidence: no event for a time, although the interrupted code had IRQs enabled or the two
/// events around it are adjacent steps of one code path. An SMI counter that grew makes it
/// likely, or proven if all CPUs were silent at the same time. A gap that the hwlat tracer
/// measured meanwhile makes it likely too. If it is on another CPU and covers 80 %, it makes the
/// cause proven on a machine that is known to be physical. In kernel code that is not seen to
/// enable IRQs, only a few SMIs in the run or such a gap are evidence. A gap that hwlat itself
/// measured is possible, because hwlat does not show what took the time. The same holds for the
/// part of an osnoise sample that no event covers.
///
/// Ruled out by: a hypervisor, which looks the same, unless the SMI counter grew; or kernel code
/// with IRQs disabled.
///
/// Next step: run hwlatdetect or the hwlat tracer, check the BIOS options (USB legacy, power
/// capping), and ask the vendor.
struct HardwareStall: Rule {
  static let profile = RuleProfile(
    .hardwareStall, needs: [.waking, .wakeStack], proof: [.fact(.smiCounter)], best: .proven,
    takes: "root with /dev/cpu/*/msr (module msr) for the SMI counter; CONFIG_HWLAT_TRACER.")

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    if let covered = noise.uncovered { return uncovered(covered.sample, covered.parts, spike) }
    guard case .gap(let nmis) = noise.kind else { return noise.summary(.hardwareStall, in: spike) }
    guard nmis == 0 else { return .nothing }
    return noise.finding(
      .hardwareStall, "", .possible, in: spike,
      nextStep: "hwlat disables IRQs, so firmware, the hardware or a hypervisor took the time. "
        + "\(Self.advice(spike.context))")
  }

  /// What of osnoise's sample no event covers: its thread was kept from reading the clock, and no
  /// interrupt, softirq, NMI or thread is there that did it.
  private func uncovered(
    _ sample: TraceEvent, _ parts: [TimeSpan], _ spike: SpikeCase
  ) -> RuleOutcome {
    let rest = Spans.subtracting(parts, from: [spike.sample.window])
    let length = Spans.length(rest)
    guard length >= spike.floor else { return .nothing }
    let what = "no event covers \(length.microseconds) us of the sample"
    let finding = Finding(
      .hardwareStall, name: "", confidence: .possible, spans: rest,
      evidence: [Evidence(sample, note: what)],
      nextStep:
        "The hardware, a hypervisor, or code without events took \(length.microseconds) us. Record "
        + "all osnoise events, irq_vectors and sched_switch. \(Self.advice(spike.context))"
    )
    guard spike.context.platform != .bareMetal else { return RuleOutcome(findings: [finding]) }
    let host = OpenRival(.hypervisor, because: "\(what), and a pause by a host looks the same")
    return RuleOutcome(findings: [finding], open: [host])
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let grew = spike.context.smiCount ?? 0
    guard spike.context.hypervisor == nil || grew > 0 else { return .nothing }
    let stalls = spike.stalls.filter {
      $0.interrupted != Stall.idleLoop || grew > 0 || !spike.gaps(in: $0.span).isEmpty
    }
    guard !stalls.isEmpty else { return .nothing }
    var evidence = stalls.flatMap(spike.evidence(of:))
    if let count = spike.context.smiCount {
      evidence.append(
        Evidence(
          source: "MSR_SMI_COUNT",
          text: count == 0
            ? "did not grow, so the cause is not an SMI, but thermal or memory" : "grew by \(count)"
        ))
    }
    let gaps = stalls.flatMap { spike.gaps(in: $0.span) }
    evidence += gaps.map(\.evidence)
    // Another CPU that looked for gaps had one at the same time: no code of this kernel does that.
    let wasSeen = stalls.allSatisfy { spike.sharedGap(over: $0.span) != nil }
    let together = stalls.allSatisfy { isShared($0.span, spike) }
    return RuleOutcome(findings: [
      Finding(
        .hardwareStall, name: grew > 0 ? "SMI" : "",
        confidence: wasSeen || (grew > 0 && together)
          ? spike.context.platform == .bareMetal || grew > 0 ? .proven : .likely
          : grew > 0 || !gaps.isEmpty ? .likely : .possible,
        spans: stalls.map(\.span), evidence: evidence,
        nextStep: Self.advice(spike.context))
    ])
  }

  /// What to look at: SMIs are an x86 matter, and only Intel's processors count them.
  private static func advice(_ context: SystemContext) -> String {
    context.isX86 == false
      ? "Run the hwlat tracer, and ask the vendor what the firmware does on this CPU."
      : "Run hwlatdetect or the hwlat tracer, watch the SMI counter (--smi), and check the BIOS "
        + "options."
  }

  /// Whether every other CPU was busy around the stretch and silent in it, and there is another
  /// one.
  private func isShared(_ span: TimeSpan, _ spike: SpikeCase) -> Bool {
    let margin = Nanoseconds(microseconds: 100)
    let others = spike.timeline.cpus.filter { $0.cpu != spike.timerCPU && $0.cpu != spike.cpu }
    guard !others.isEmpty else { return false }
    let inner = TimeSpan(span.start + Nanoseconds(5_000), span.end - Nanoseconds(5_000))
    return others.allSatisfy { track in
      track.events(in: inner).isEmpty
        && !track.events(in: TimeSpan(span.start - margin, span.start)).isEmpty
        && !track.events(in: TimeSpan(span.end, span.end + margin)).isEmpty
    }
  }
}
