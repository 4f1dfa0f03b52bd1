import TraceModel

/// A work item ran late because its kworker waited for the CPU.
///
/// Evidence: workqueue_queue_work and workqueue_execute_start of one work item, and the waking and
/// switch of the kworker that ran it. The name is the function of the work, because kworkers are
/// shared and rename themselves.
///
/// Ruled out by: a thread that is not a kworker, or a kworker whose work is not in the trace.
///
/// Next step: use WQ_HIGHPRI or an unbound workqueue, set workqueue.cpumask, or do not poll in the
/// consumer.
struct LateKworker: Rule {
  static let profile = RuleProfile(
    .lateKworker,
    needs: [
      .switches, .waking, .events(["workqueue:workqueue_execute_start"]),
      .events(["workqueue:workqueue_queue_work"]),
    ], best: .proven, takes: "the events of the workqueue system.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let tid = spike.sample.task.pid
    let comm =
      spike.sample.task.comm.isEmpty ? spike.timeline.task(tid).comm : spike.sample.task.comm
    guard KernelTasks.isWorker(comm), spike.waiting.length >= spike.floor,
      let switched = spike.times.switched
    else { return .nothing }
    let soon = switched + Nanoseconds(microseconds: 1_000)
    let track = spike.timeline[cpu: spike.cpu]
    guard
      let started = track?.events(in: TimeSpan(switched, soon)).first(where: {
        if case .workStart = $0.payload { $0.pid == tid } else { false }
      }), case .workStart(let work, let function) = started.payload
    else { return .nothing }
    var queued: TraceEvent?
    for track in spike.timeline.cpus {
      let found = track.events.last {
        if case .workQueue(work, _, _, _, _) = $0.payload { $0.time <= started.time } else { false }
      }
      if let found, found.time > queued?.time ?? Nanoseconds(.min) { queued = found }
    }
    let spans = spike.replay.spans(in: spike.waiting) { slice in
      if case .task(let task, _) = slice.occupant { task.pid != tid } else { false }
    }
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    let behind = spike.rivals.prefix(3).map { "\($0.task.text) \($0.net.microseconds) us" }
    let delay = queued.map { (started.time - $0.time).microseconds }
    return RuleOutcome(findings: [
      Finding(
        .lateKworker, name: function.name, confidence: queued != nil ? .proven : .likely,
        spans: spans,
        evidence: (queued.map { [Evidence($0)] } ?? [])
          + spike.rivals.prefix(2).flatMap(\.evidence) + [Evidence(started)],
        nextStep: "The work \(function.name) started "
          + (delay.map { "\($0) us after it was queued" } ?? "late")
          + ", because its worker waited behind " + behind.joined(separator: ", ")
          + ". WQ_HIGHPRI, an unbound workqueue or workqueue.cpumask can shorten this.")
    ])
  }
}
