import TraceModel

/// A hard interrupt, long or many, ran where the thread should have been woken, switched to or running.
///
/// Needs irq_handler_entry/exit or irq_vectors entry/exit. Its own time counts, nested ones taken off.
/// In the interrupt that woke the thread only the time in front of and behind the wake-up counts.
struct HardIRQ: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var groups: [(occupant: Occupant, spans: [TimeSpan])] = []
    for slice in spike.replay.slices {
      switch slice.occupant {
      case .irq, .vector: break
      default: continue
      }
      if let index = groups.firstIndex(where: { $0.occupant == slice.occupant }) {
        groups[index].spans.append(slice.span)
      } else {
        groups.append((slice.occupant, [slice.span]))
      }
    }
    let usual = spike.baseline.typical(.irq) ?? .zero
    var findings: [Finding] = []
    for group in groups {
      let total = group.spans.reduce(Nanoseconds.zero) { $0 + $1.length }
      var worth = spike.floor
      if group.occupant == .vector("local_timer") { worth = max(worth, usual + usual) }
      guard total >= worth else { continue }
      let events = group.spans.flatMap { span in
        spike.events(in: TimeSpan(span.start, span.end + Nanoseconds(1))).filter {
          names($0, group.occupant)
        }
      }
      let count =
        spike.replay.ran(in: spike.replay.window)
        .first { $0.occupant == group.occupant }?.count ?? 1
      var evidence = events.prefix(2).map { Evidence($0) }
      if events.count > 2, let last = events.last { evidence.append(Evidence(last)) }
      findings.append(
        Finding(
          .hardIRQ, name: group.occupant.name,
          confidence: evidence.count >= 2 ? .proven : .likely, spans: group.spans,
          evidence: evidence,
          nextStep: "\(count) interrupt\(count == 1 ? "" : "s") took "
            + "\(total.microseconds) us here. \(advice(group.occupant))"))
    }
    return RuleOutcome(findings: findings)
  }

  private func names(_ event: TraceEvent, _ occupant: Occupant) -> Bool {
    switch (event.payload, occupant) {
    case (.irqEntry(let irq, _), .irq(let number, _)), (.irqExit(let irq, _), .irq(let number, _)):
      irq == number
    case (.vectorEntry(let name, _), .vector(let vector)),
      (.vectorExit(let name, _), .vector(let vector)):
      name == vector
    default: false
    }
  }

  private func advice(_ occupant: Occupant) -> String {
    if case .irq(let number, _) = occupant {
      return "Move it to another CPU (/proc/irq/\(number)/smp_affinity_list), or let its driver "
        + "coalesce; threadirqs makes it preemptible."
    }
    return "Find out which timers or calls it served: the excerpt lists them."
  }
}
