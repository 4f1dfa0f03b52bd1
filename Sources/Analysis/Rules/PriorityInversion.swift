import TraceModel

/// The owner of a lock was boosted to the priority of a waiter and ran instead of the measured
/// thread, or the measured thread itself waited for such an owner.
///
/// Evidence: sched_pi_setprio that boosts the owner, its run by sched_switch, and sched_pi_setprio
/// that restores its priority at the release. Both changes make it proven.
///
/// Ruled out by: a task whose priority is not boosted. A boosted priority is never treated as the
/// normal priority of a task.
///
/// Next step: shorten the critical section of the owner. A mutex without priority inheritance would
/// make the wait unbounded.
struct PriorityInversion: Rule {
  static let profile = RuleProfile(
    .priorityInversion, needs: [.events(["sched:sched_pi_setprio"]), .switches], best: .proven,
    takes: "the event sched:sched_pi_setprio (CONFIG_RT_MUTEXES).")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let changes = Boost.all(in: spike.timeline, until: spike.sample.wake)
    guard changes.contains(where: \.isRaise) else { return .nothing }
    var findings: [Finding] = []
    for rival in spike.rivals
    where rival.culprit == .priorityInversion && rival.net >= spike.floor {
      let end = rival.spans.last?.end ?? spike.sample.wake
      findings.append(
        finding(
          spike, owner: rival.task, spans: rival.spans, boost: rival.boost, changes: changes,
          until: end + Nanoseconds(microseconds: 5), runs: rival.evidence))
    }
    if let chain = blocked(spike, changes) { findings.append(chain) }
    return RuleOutcome(findings: findings)
  }

  /// The measured thread went to sleep after its switch, and an owner that it had boosted ran.
  private func blocked(_ spike: SpikeCase, _ changes: [Boost]) -> Finding? {
    let tid = spike.sample.task.pid
    let after = spike.afterSwitch
    guard
      let left = spike.events(in: after).first(where: {
        if case .switched(let change) = $0.payload {
          change.previous.pid == tid && !change.previousState.isRunnable
        } else {
          false
        }
      }),
      let boost = changes.last(where: {
        $0.isRaise && $0.pid != tid && $0.event.time >= after.start && $0.event.time <= left.time
          && $0.event.pid == tid
      })
    else { return nil }
    let back = spike.events(in: TimeSpan(left.time + Nanoseconds(1), after.end)).first {
      if case .switched(let change) = $0.payload { change.next.pid == tid } else { false }
    }
    let span = TimeSpan(left.time, back?.time ?? after.end)
    guard span.length >= spike.floor else { return nil }
    let owner = spike.names.task(boost.pid, at: boost.event.time)
    return finding(
      spike, owner: owner, spans: [span], boost: boost.event, changes: changes, until: span.end,
      runs: [Evidence(left, note: "the thread blocks on the lock")])
  }

  private func finding(
    _ spike: SpikeCase, owner: TaskIdentity, spans: [TimeSpan], boost: TraceEvent?,
    changes: [Boost], until end: Nanoseconds, runs: [Evidence]
  ) -> Finding {
    let release = changes.first {
      $0.pid == owner.pid && !$0.isRaise && $0.event.time > boost?.time ?? .zero
        && $0.event.time <= end
    }
    var evidence = boost.map { [Evidence($0, note: "the owner is boosted")] } ?? []
    evidence += runs
    if let release { evidence.append(Evidence(release.event, note: "the owner releases the lock")) }
    evidence.sort { ($0.time ?? .zero, $0.position ?? 0) < ($1.time ?? .zero, $1.position ?? 0) }
    let waiter = boost.map { spike.names.task($0.pid, at: $0.time).text } ?? "?"
    let length =
      release.flatMap { release in boost.map { release.event.time - $0.time } }
      .map { " for \($0.microseconds) us" } ?? ""
    return Finding(
      .priorityInversion, name: owner.text, confidence: release != nil ? .proven : .likely,
      spans: spans, evidence: evidence,
      nextStep: "\(owner.text) held a lock that \(waiter) waited for, and was boosted\(length). "
        + "Shorten its critical section, or do not share the lock with it.")
  }
}
