import TraceModel

/// Something ran on an isolated CPU that isolation should keep away: a kworker, a call from another
/// CPU, or the tick.
///
/// Evidence: the CPU is in isolcpus=, nohz_full= or an isolated cpuset, and events show a kworker,
/// an inter-processor call or (nohz_full) the tick during the wakeup.
///
/// Ruled out by: a CPU that is not isolated. Real-time tasks that were placed there on purpose do
/// not count.
///
/// Next step: check the IRQ affinities, workqueue.cpumask, rcu_nocbs, and the sender of the call.
struct IsolationBroken: Rule {
  static let profile = RuleProfile(
    .isolationBroken, needs: [.switches, .fact(.isolation)], best: .proven,
    takes: "CPUs isolated by isolcpus=, nohz_full= or a cpuset partition.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard spike.context.isolatedCPUs.contains(spike.cpu) else { return .nothing }
    var findings: [Finding] = []
    func add(_ name: String, _ spans: [TimeSpan], _ evidence: [Evidence]) {
      guard Spans.length(spans) >= spike.floor else { return }
      findings.append(
        Finding(
          .isolationBroken, name: name, confidence: evidence.isEmpty ? .likely : .proven,
          spans: spans,
          evidence: evidence + [
            Evidence(
              source: "isolated CPUs", text: spike.context.isolatedCPUs.list, cpu: spike.cpu)
          ],
          nextStep: "\(name) ran on isolated CPU \(spike.cpu). Check "
            + "/sys/devices/virtual/workqueue/cpumask, the IRQ affinities and rcu_nocbs=, and find "
            + "the sender of the call."))
    }
    if let held = spike.held, KernelTasks.isWorker(held.blocker.comm) {
      let work = held.works.first ?? lastWork(spike, pid: held.blocker.pid, at: held.span.start)
      var name = held.blocker.text
      switch work?.payload {
      case .workStart(_, let function), .workEnd(_, let function): name = function.name
      default: break
      }
      add(name, held.spans, (work.map { [Evidence($0)] } ?? []) + [Evidence(held.switched)])
    }
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    for entry in spike.replay.ran(in: before) {
      guard case .vector(let name) = entry.occupant,
        name.hasPrefix("call_function") || name == "reschedule" || name == "irq_work"
      else { continue }
      add(
        name, spike.replay.spans(in: before) { $0.occupant == entry.occupant },
        HardIRQ.evidence(spike, of: entry.occupant, in: before))
    }
    if spike.context.nohzFullCPUs?.contains(spike.cpu) == true {
      for entry in TimerFunctions(spike).entries
      where TimerFunctions.isTick(entry.function.name) {
        add(entry.function.name, entry.spans, entry.evidence)
      }
    }
    return RuleOutcome(findings: findings)
  }

  private func lastWork(_ spike: SpikeCase, pid: Int32, at time: Nanoseconds) -> TraceEvent? {
    spike.timeline[cpu: spike.cpu]?.events.last {
      if case .workStart = $0.payload { $0.pid == pid && $0.time <= time } else { false }
    }
  }
}
