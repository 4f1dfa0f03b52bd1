import TraceModel

/// A more urgent task was awake and the running one stayed in the kernel: preemption was not possible.
///
/// Needs sched_waking, sched_switch and the flag column: need-resched was set and the same task kept the
/// CPU, without an interrupt or softirq that explains it. On a preemptible kernel that is a section with
/// preemption disabled (`preempt-off`), else the kernel's model (`non-preemptible-kernel`). Refuted
/// where the interrupt came out of user space, which is left at once.
struct NonPreemptible: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let waiting = spike.waiting
    // The task that the wake-up interrupted keeps the CPU until the first switch; who comes next was
    // chosen by the scheduler.
    let reach = TimeSpan(waiting.start, waiting.end + Nanoseconds(1))
    guard waiting.length >= spike.floor, let waking = spike.times.wakingEvent,
      waking.cpu == spike.cpu,
      let switched = spike.events(in: reach).first(where: {
        if case .switched = $0.payload { $0.time >= waking.time } else { false }
      }), case .switched(let change) = switched.payload
    else { return .nothing }
    let held = TimeSpan(waiting.start, switched.time)
    let preemptible = spike.context.preemption?.isPreemptible
    let depth = spike.events(in: held).contains {
      $0.context.needResched && $0.context.preemptDepth > 0 && !$0.context.inHardIRQ
        && !$0.context.inSoftIRQ
    }
    let culprit: CulpritClass =
      preemptible ?? depth ? .preemptOff : .nonPreemptibleKernel
    let blocker = change.previous
    guard !blocker.isIdle, blocker.pid != spike.sample.task.pid else {
      return .refuted(culprit, because: "the CPU was idle when the thread became ready")
    }
    guard spike.priority.outranks(change.previousPriority) else { return .nothing }
    let spans = spike.replay.spans(in: held) { slice in
      if case .task(let task, _) = slice.occupant { task.pid == blocker.pid } else { false }
    }
    let claimed = spans.reduce(Nanoseconds.zero) { $0 + $1.length }
    guard claimed >= spike.floor else { return .nothing }
    let pending = spike.needReschedPending(in: held)
    if let code = spike.interrupted, waking.pid == blocker.pid, code.mode == .user,
      !spike.events(in: held).contains(where: { isKernelWork($0, pid: blocker.pid) })
    {
      return .refuted(
        culprit,
        because: "the wake-up interrupted user space, from which the CPU is given up at once")
    }
    guard
      pending != nil || change.previousState == .preempted
        || spike.interrupted?.mode == .kernel
    else { return .refuted(culprit, because: "need-resched was not set: no preemption was wanted") }

    var evidence: [Evidence] = []
    if let pending { evidence.append(Evidence(pending, note: "need-resched is set")) }
    var function = spike.interrupted?.responsible?.name ?? ""
    if let stack = spike.times.stackEvent, !function.isEmpty { evidence.append(Evidence(stack)) }
    for event in spike.events(in: held) {
      if case .workEnd(_, let work) = event.payload, event.pid == blocker.pid {
        evidence.append(Evidence(event))
        if function.isEmpty { function = work.name }
      }
    }
    evidence.append(Evidence(switched))
    evidence.sort { ($0.time ?? .zero, $0.position ?? 0) < ($1.time ?? .zero, $1.position ?? 0) }
    let name = function.isEmpty ? blocker.text : function
    let step =
      culprit == .preemptOff
      ? "A section with preemption disabled of this length is a bug on a preemptible kernel. A "
        + "preemptoff trace (-P) proves begin and end on a kernel with CONFIG_PREEMPT_TRACER."
      : "This kernel switches tasks only at the end of such a path. preempt=full (with "
        + "CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT makes it preemptible."
    return RuleOutcome(findings: [
      Finding(
        culprit, name: name,
        confidence: spike.interrupted?.mode == .kernel && pending != nil ? .likely : .possible,
        spans: spans, evidence: evidence,
        nextStep: "\(blocker.text) was in the kernel for \(claimed.microseconds) us. " + step)
    ])
  }

  /// Whether the event shows that the task was in the kernel after the wake-up.
  private func isKernelWork(_ event: TraceEvent, pid: Int32) -> Bool {
    guard event.pid == pid, !event.context.inHardIRQ, !event.context.inSoftIRQ else { return false }
    switch event.payload {
    case .switched, .vectorEntry, .vectorExit, .irqEntry, .irqExit, .stack, .wakeup, .waking,
      .softirqRaise, .softirqEntry, .softirqExit:
      return false
    default: return true
    }
  }
}
