import TraceModel

/// A device raised its interrupt continuously, so that little else ran.
///
/// Evidence: irq_handler_entry and irq_handler_exit of one interrupt, one after the other without a
/// longer pause, with their number, their rate and their share of the CPU.
///
/// Ruled out by: interrupts that are further apart.
///
/// Next step: check the device and its driver. The interrupt may not be acknowledged, or it may be
/// raised for each byte.
struct InterruptStorm: Rule {
  static let profile = RuleProfile(
    .interruptStorm, needs: [.events(["irq:irq_handler_entry"])],
    proof: [.events(["irq:irq_handler_exit"])], best: .likely,
    takes: "the events irq:irq_handler_entry and irq_handler_exit.")

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .storm else { return .nothing }
    let window = spike.sample.window
    let number = Int32(clamping: work.number)
    let events = spike.timeline[cpu: spike.sample.cpu]?.events(in: window) ?? []
    let entries = events.filter {
      if case .irqEntry(let irq, _) = $0.payload { irq == number } else { false }
    }
    guard let first = entries.first, let last = entries.last else { return .nothing }
    let net = Spans.length(
      spike.replay.spans(in: window) {
        if case .irq(let irq, _) = $0.occupant { irq == number } else { false }
      })
    let length = max(window.length.count, 1)
    let share = net.count * 100 / length
    let thread = entries.filter {
      spike.names.task($0.pid, at: $0.time).comm.hasPrefix("irq/\(number)-")
        || spike.names.task($0.pid, at: $0.time).comm.hasPrefix("irq/\(number)_")
    }
    var text =
      "irq \(number) \(work.what) was raised \(work.count) times in \(window.length.microseconds) us, once "
      + "per \(length / 1_000 / Int64(clamping: max(work.count, 1))) us"
    text += net > .zero ? ", and took \(share) % of CPU \(spike.sample.cpu). " : ". "
    if thread.count * 2 > entries.count {
      text += "Its thread was interrupted each time and hardly ran. "
    }
    text += "Check whether the device's interrupt is acknowledged, and why it is raised so often."
    return RuleOutcome(findings: [
      Finding(
        .interruptStorm, name: "irq \(number) \(work.what)", confidence: .likely, spans: [window],
        evidence: [
          Evidence(first), Evidence(last, note: "number \(work.count)"),
          Evidence(
            source: "sum", text: "\(work.count) interrupts, \(net.microseconds) us in the handler",
            cpu: spike.sample.cpu),
        ], nextStep: text)
    ])
  }
}
