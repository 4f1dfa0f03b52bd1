import TraceModel

/// No rule explains the time, or not enough of it.
///
/// Evidence: none; the unexplained rest of the account.
///
/// Refuted by: any finding that accounts for at least as much.
///
/// Next step: the one event, tracer or fact that is missing here and would decide between the classes that are left.
struct Unknown: Rule {
  static let profile = RuleProfile(
    .unknown, needs: [], best: .unexplained,
    takes: "what the verdict's next step names.")

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  /// The classes that could lie behind each stretch, the likeliest first.
  private static let candidates: [Segment.Name: [CulpritClass]] = [
    .timer: [.irqsOff, .hardIRQ, .hypervisor, .hardwareStall, .nmi, .idleExit, .clock],
    .irq: [.stackedTimers, .tickWork, .hardIRQ, .nmi],
    .enqueue: [.remoteEnqueue, .tlbShootdown, .nmi],
    .schedule: [
      .nonPreemptibleKernel, .preemptOff, .softirq, .higherPriorityTask, .cpuBandwidth, .nmi,
    ],
    .return: [.pageFault, .interruptedAfterSwitch, .signalOrPtrace, .memoryReclaim],
    .clockRead: [.pageFault, .clock, .interruptedAfterSwitch, .signalOrPtrace],
    .unexplained: [.higherPriorityTask, .remoteEnqueue, .irqsOff],
  ]

  /// Classes that a guest cannot tell from its hypervisor.
  private static let bare: Set<CulpritClass> = [.hardwareStall, .idleExit]

  /// What would decide it.
  static func nextStep(_ spike: SpikeCase, _ health: TraceHealth) -> String {
    if !health.coversWindow {
      if let since = spike.context.tracingSince, since > spike.sample.expiry {
        return
          "Tracing was switched on again \((since - spike.sample.expiry).microseconds) us after the "
          + "expiry, when the spike before this one had been taken. One thread alone (-t 1), or a "
          + "higher threshold (-b), shows all of such a spike."
      }
      return spike.context.hasOverrun == false
        ? "The trace begins after the expiry, and nothing in it was overwritten: tracing was "
          + "switched on too late for this one."
        : "The buffer begins after the expiry: ask for a bigger one (--buffer)."
    }
    if health.lostInWindow > 0 { return "Events were lost: ask for a bigger buffer (--buffer)." }
    let worst = spike.segments.max { $0.length < $1.length }?.name ?? .unexplained
    var lines: [String] = []
    var seen: Set<Need> = []
    for culprit in candidates[worst] ?? [] {
      switch spike.context.platform {
      case .guest where bare.contains(culprit): continue
      case .bareMetal where culprit == .hypervisor: continue
      default: break
      }
      guard let profile = RuleCatalogue.profile(of: culprit) else { continue }
      for need in profile.needs + profile.proof
      where !need.isMet(spike) && seen.insert(need).inserted {
        lines.append("\(need.text) (\(culprit.rawValue))")
      }
    }
    if lines.isEmpty {
      return
        "Nothing that this kernel offers is missing: keep the bundle, and compare with further "
        + "spikes."
    }
    return "It would be decided by " + lines.prefix(3).joined(separator: ", or by ") + "."
  }
}
