import TraceModel

/// What the two classes of a kernel that would not switch have in common: the model decides which
/// of them it is.
enum KernelSection {
  /// The class by the kernel's model; by the preemption depth where the interrupt showed it, or the
  /// model is not known.
  static func culprit(_ spike: SpikeCase) -> CulpritClass {
    if spike.held?.disabled != nil { return .preemptOff }
    switch spike.context.preemption {
    case .full, .rt: return .preemptOff
    case .none?, .voluntary: return .nonPreemptibleKernel
    case .lazy: return spike.priority.isRealtime ? .preemptOff : .nonPreemptibleKernel
    case nil: break
    }
    let span = spike.held?.span ?? spike.waiting
    let depth = spike.events(in: span).contains {
      $0.context.needResched && $0.context.preemptDepth > 0 && !$0.context.inHardIRQ
        && !$0.context.inSoftIRQ
    }
    return depth ? .preemptOff : .nonPreemptibleKernel
  }

  static func examine(
    _ spike: SpikeCase, as culprit: CulpritClass, nextStep: (String) -> String
  ) -> RuleOutcome {
    guard spike.waiting.length >= spike.floor, Self.culprit(spike) == culprit else {
      return .nothing
    }
    guard let held = spike.held else { return refutation(spike, culprit) }
    // That is the tool's own doing, and none of somebody else's kernel code.
    guard !spike.ownTasks.contains(held.blocker.pid) else { return .nothing }
    let section = spike.section(
      of: culprit == .preemptOff ? ["preemptoff", "preemptirqsoff", "preempt_disable"] : [],
      over: held.spans)
    if held.isUserOnly, section == nil {
      return .refuted(
        culprit,
        because: "the wakeup interrupted user space, which is preempted at once")
    }
    // A thread that was woken before the trace begins waits from its first event on: preemption was
    // wanted all the time.
    guard held.isForced || section != nil || spike.isWokenUnseen else {
      // Without an event in between nothing says whether preemption was wanted.
      let shown = spike.events(in: held.span).contains {
        $0.cpu == spike.cpu && $0.time >= spike.times.queued ?? held.span.end
      }
      return shown
        ? .refuted(culprit, because: "need-resched was not set, so no preemption was requested")
        : .open(culprit, because: "no event in the wait shows whether need-resched was set")
    }
    let wake = spike.sections.first { $0.isWakeup }
    let function = name(held, section: section, wake: wake)
    return RuleOutcome(findings: [
      Finding(
        culprit, name: function.isEmpty ? held.blocker.text : function,
        confidence: section != nil
          ? .proven
          : held.code?.mode == .kernel && held.pending != nil && held.disabled == nil
            ? .likely : .possible,
        spans: held.spans,
        evidence: held.evidence(spike) + (section.map { [$0.evidence] } ?? [])
          + (wake.map { [$0.evidence] } ?? []),
        nextStep: nextStep(
          "\(held.blocker.text) was in the kernel for \(held.net.microseconds) us."))
    ])
  }

  /// The function that answers for it; "or its callee" after it where a function that it called may
  /// be missing in the stack.
  private static func name(
    _ held: HeldCPU, section: LatencySection?, wake: LatencySection?
  ) -> String {
    guard let code = held.code else {
      if !held.function.isEmpty { return held.function }
      return section?.responsible(nil) ?? wake?.leftIn ?? ""
    }
    if let function = wake?.ending(code) { return function }
    let function = section?.responsible(code) ?? held.function
    guard code.mayLackCaller, function == code.responsible?.name, code.frames.count > 1,
      section?.isOf(function) != true
    else { return function }
    return function + " or its callee"
  }

  private static func refutation(_ spike: SpikeCase, _ culprit: CulpritClass) -> RuleOutcome {
    let first = spike.events(in: TimeSpan(spike.waiting.start, spike.waiting.end + Nanoseconds(1)))
      .first {
        guard case .switched = $0.payload else { return false }
        return $0.cpu == spike.cpu
      }
    guard case .switched(let change) = first?.payload, change.previous.isIdle else {
      return .nothing
    }
    return .refuted(culprit, because: "the CPU was idle when the thread became runnable")
  }
}
