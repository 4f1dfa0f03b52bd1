import TraceModel

/// No known cause explains the time, or not enough of it.
///
/// Evidence: the unexplained rest of the time. If most of it is one stretch without events, the two
/// ends of that stretch.
///
/// Ruled out by: any finding that explains at least as much.
///
/// Next step: the event, tracer or fact that is missing here and would decide between the remaining
/// classes.
struct Unknown: Rule {
  static let profile = RuleProfile(
    .unknown, needs: [], best: .unexplained,
    takes: "what the verdict's next step names.")

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  /// The classes that could explain each stretch, the likeliest first.
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

  /// Classes that a guest cannot distinguish from its hypervisor.
  private static let bare: Set<CulpritClass> = [.hardwareStall, .idleExit]

  /// The longest stretch without an event where that is most of what nothing explains: its two
  /// ends.
  static func evidence(_ spike: SpikeCase, _ unexplained: [TimeSpan]) -> [Evidence] {
    guard case .wakeup = spike.subject else { return [] }
    let least = max(spike.floor, Nanoseconds(microseconds: 20))
    let silences = unexplained.flatMap { spike.silences(in: $0, minimum: least) }
    guard let longest = silences.max(by: { $0.length < $1.length }),
      longest.length * 2 > Spans.length(unexplained)
    else { return [] }
    let first = spike.events.last { $0.time <= longest.start }
    let last = spike.events.first { $0.time >= longest.end }
    let note = "no event for the next \(longest.length.microseconds) us"
    return (first.map { [Evidence($0, note: note)] } ?? []) + (last.map { [Evidence($0)] } ?? [])
  }

  /// What would decide it.
  static func nextStep(
    _ spike: SpikeCase, _ health: TraceHealth, ruledOut: Set<CulpritClass>
  ) -> String {
    if !health.coversWindow {
      if let since = spike.context.tracingSince, since > spike.sample.expiry {
        return
          "Tracing was enabled again \((since - spike.sample.expiry).microseconds) us after the "
          + "expiry, after the previous spike. A single thread (-t 1) or a higher threshold (-b) "
          + "records such a spike completely."
      }
      return spike.context.hasOverrun == false
        ? "The trace begins after the expiry although no event was overwritten, because tracing was "
          + "enabled too late."
        : "The buffer begins after the expiry. Use a larger buffer (--buffer)."
    }
    if !health.gaps.isEmpty, health.gaps.allSatisfy(\.isDamaged) {
      return "Parts of the window are missing in this file. The complete trace would decide."
    }
    if health.lostInWindow > 0 { return "Events were lost. Use a larger buffer (--buffer)." }
    let worst = spike.segments.max { $0.length < $1.length }?.name ?? .unexplained
    var lines: [String] = []
    var seen: Set<Need> = []
    for culprit in candidates[worst] ?? [] {
      if ruledOut.contains(culprit) { continue }
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
        "This kernel provides nothing that would show more. Keep the bundle, and compare it with "
        + "further spikes."
    }
    return "To decide, breaktrace needs " + lines.prefix(3).joined(separator: ", or ") + "."
  }
}
