import TraceModel

/// Softirqs ran where the thread should have been woken or switched to.
///
/// Evidence: softirq_entry and softirq_exit; interrupts on top of them are taken off. RCU has a class of its own. osnoise's
/// softirq_noise is its own begin and end.
///
/// Refuted by: no softirq of that length; on PREEMPT_RT softirqs run in threads and show up as tasks.
///
/// Next step: by vector: move the network or disk interrupt, find who armed the timers, see softirq_raise.
struct Softirq: Rule {
  static let profile = RuleProfile(
    .softirq, needs: [.events(["irq:softirq_entry"]), .events(["irq:softirq_exit"])], best: .proven,
    takes: "the events irq:softirq_entry and softirq_exit.")

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    let parts = noise.parts(of: .softirq, in: spike) { _ in
      "Find who raised it: softirq_raise comes before it in the trace."
    } name: {
      if case .softirq(let name) = $0 { name } else { nil }
    }
    if let parts { return parts }
    guard case .softirq(let name) = noise.kind else { return noise.summary(.softirq, in: spike) }
    return noise.finding(
      .softirq, name, .proven, in: spike,
      nextStep: "Find who raised it: softirq_raise comes before it in the trace.")
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    var findings: [Finding] = []
    var small: [RanEntry] = []
    for entry in spike.replay.ran(in: before) {
      guard case .softirq(let vector) = entry.occupant, vector != SoftirqVector.rcu.rawValue,
        !isThreaded(entry.occupant, spike, before)
      else { continue }
      guard entry.net >= spike.floor else {
        small.append(entry)
        continue
      }
      let evidence = HardIRQ.evidence(spike, of: entry.occupant, in: before)
      findings.append(
        Finding(
          .softirq, name: SoftirqVector.name(of: vector),
          confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spike.replay.spans(in: before) { $0.occupant == entry.occupant },
          evidence: evidence, nextStep: advice(vector)))
    }
    if let sum = spike.together(.softirq, small, in: before, group: "softirq vectors") {
      findings.append(sum)
    }
    return RuleOutcome(findings: findings)
  }

  /// Whether threads did it that are a cause of their own by their priority.
  private func isThreaded(_ occupant: Occupant, _ spike: SpikeCase, _ span: TimeSpan) -> Bool {
    let threads = Set(
      spike.rivals.lazy.filter { $0.culprit == .irqThread }.map(\.task.pid))
    guard !threads.isEmpty else { return false }
    return spike.replay.slices.allSatisfy { slice in
      slice.occupant != occupant || slice.span.clipped(to: span) == nil
        || threads.contains(slice.task.pid)
    }
  }

  private func advice(_ vector: UInt32) -> String {
    switch SoftirqVector(rawValue: vector) {
    case .netRx, .netTx: "Move the network interrupt, or steer packets with RPS to another CPU."
    case .timer: "Find who armed the timers: timer_expire_entry names their functions."
    case .block: "Move the disk's interrupt or its completion (rq_affinity) to another CPU."
    default: "Find who raised it: softirq_raise stands before it in the trace."
    }
  }
}
