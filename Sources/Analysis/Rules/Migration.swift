import TraceModel

/// The measured thread was migrated to another CPU during the wakeup.
///
/// Evidence: sched_migrate_task of the thread between its enqueue and its switch, and the time in
/// which the new CPU did nothing else for it; or a migration/N thread that moved it, on one CPU
/// only.
///
/// Ruled out by: a pinned thread, or no migration in the window.
///
/// Next step: pin the thread, keep the load balancer away (isolcpus=, cpusets).
struct Migration: Rule {
  static let profile = RuleProfile(
    .migration, needs: [.events(["sched:sched_migrate_task"])], best: .likely,
    takes: "the event sched:sched_migrate_task.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let waiting = spike.waiting
    let moves = spike.path.migrations.filter { $0.time >= waiting.start && $0.time < waiting.end }
    guard let first = moves.first, case .migrate(_, _, let from, let to) = first.payload else {
      return .nothing
    }
    // The move itself, and the new CPU's time for nobody else.
    let stoppers = Set(
      spike.rivals.filter { KernelTasks.isStopper($0.task.comm) }.map(\.task.pid))
    var spans = spike.replay.spans(in: TimeSpan(first.time, waiting.end)) { $0.occupant == .idle }
    if !StopMachine.isEverywhere(spike) {
      spans += spike.replay.spans(in: waiting) { slice in
        if case .task(let task, _) = slice.occupant { stoppers.contains(task.pid) } else { false }
      }
    }
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .migration, name: "CPU \(from) to CPU \(to)", confidence: .likely, spans: spans,
        evidence: moves.prefix(3).map { Evidence($0) },
        nextStep: "Pin the thread, or keep the load balancer off its CPUs (isolcpus=, cpuset).")
    ])
  }
}
