import TraceModel

/// RCU callbacks ran, in the RCU softirq or in an RCU thread above the measured thread.
///
/// Evidence: softirq_entry and softirq_exit of RCU, or sched_switch to rcuc, rcub or rcuo with a
/// priority not below that of the thread. Below it, an RCU thread that runs a batch of callbacks
/// (rcu_invoke_callback, rcu_batch_end) is not preempted, because softirqs are disabled meanwhile.
///
/// Ruled out by: an RCU thread of lower priority that runs no callbacks.
///
/// Next step: use rcu_nocbs= for the measured CPUs, check rcutree.kthread_prio.
struct RCU: Rule {
  static let profile = RuleProfile(
    .rcu, needs: [.switches, .events(["irq:softirq_entry"])], best: .proven,
    takes: "the events irq:softirq_entry and softirq_exit, sched:sched_switch.")

  private static let advice =
    "Move the callbacks away from the measured CPUs (rcu_nocbs=), and check rcutree.kthread_prio."

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.rcu, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var findings = spike.findings(.rcu, group: "RCU threads") { _ in Self.advice }
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    let softirq = Occupant.softirq(SoftirqVector.rcu.rawValue)
    let spans = spike.replay.spans(in: before) { $0.occupant == softirq }
    if Spans.length(spans) >= spike.floor {
      let evidence = HardIRQ.evidence(spike, of: softirq, in: before)
      findings.append(
        Finding(
          .rcu, name: SoftirqVector.rcu.name, confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spans, evidence: evidence, nextStep: Self.advice))
    }
    if let batch = batch(spike) { findings.append(batch) }
    return RuleOutcome(findings: findings)
  }

  /// A batch of callbacks in a thread that the waiting one outranks.
  private func batch(_ spike: SpikeCase) -> Finding? {
    let waiting = spike.waiting
    let called = spike.events(in: TimeSpan(waiting.start, waiting.end + Nanoseconds(1))).filter {
      guard case .other(let other) = $0.payload else { return false }
      return other.name == "rcu_invoke_callback" || other.name == "rcu_invoke_kvfree_callback"
        || other.name == "rcu_batch_end"
    }
    guard let first = called.first, let last = called.last,
      let rival = spike.rivals.first(where: {
        $0.task.pid == first.pid && KernelTasks.isRCU($0.task.comm) && $0.culprit != .rcu
      }), rival.net >= spike.floor
    else { return nil }
    var count = ""
    if case .other(let other) = last.payload, let number = other.value("CBs-invoked") {
      count = "\(number) "
    }
    return Finding(
      .rcu, name: rival.task.text, confidence: .likely, spans: rival.spans,
      evidence: [Evidence(first), Evidence(last)] + rival.evidence.suffix(1),
      nextStep: "\(rival.task.text) ran \(count)RCU callbacks in one batch for "
        + "\(rival.net.microseconds) us; softirqs are disabled meanwhile, so that nothing preempts it. "
        + "Fewer at a time (rcutree.blimit), another CPU for its threads, or a higher "
        + "rcutree.kthread_prio help.")
  }
}
