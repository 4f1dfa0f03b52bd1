import TraceModel

/// Kernel code disabled IRQs, and the timer interrupt was late.
///
/// Evidence: the timer interrupt was late, no other interrupt ran, and the stack of the wakeup
/// shows kernel code below the interrupt, usually the primitive that enabled IRQs again. The name
/// is the innermost function that is not such a helper. A section of irqsoff or preemptirqsoff (or
/// a pair of irq_disable and irq_enable events) that covers at least 80 % makes it proven, unless
/// most of it is one stretch without events that may be a pause of the machine. Without a stack,
/// the lines of a function tracer name the function (likely). Otherwise it is possible, on bare
/// metal or if the preempt depth of the interrupt or a kernel thread shows that kernel code was
/// interrupted. Only a kernel thread is named then, because a program is not necessarily the cause.
/// A section that irqsoff or preemptirqsoff recorded is judged by its own lines. The name is the
/// function in which half of the time passed between two lines, otherwise the function that
/// disabled IRQs or held the lock, and an inner function that was called repeatedly is only where
/// the time passed. A wait for a spinning lock is at most possible. Without a wakeup, the longest
/// pair of irq_disable and irq_enable is such a section.
///
/// Ruled out by: an interrupt that stopped user space or idle, where IRQs are enabled, or a gap
/// that the hwlat tracer measured on another CPU meanwhile. If the interrupted frame does not
/// enable IRQs, a machine that may be virtual or an SMI counter that grew makes it only possible,
/// because a host or firmware that stops the CPU looks the same. It is not decided if no stack of
/// the interrupted code was recorded.
///
/// Next step: check what the function does with IRQs disabled. An irqsoff trace without
/// function-trace shows begin and end. The interrupted task is not necessarily the cause.
struct IrqsOff: Rule {
  static let profile = RuleProfile(
    .irqsOff, needs: [.waking, .wakeStack],
    proof: [.tracer(["irqsoff", "preemptirqsoff", "irq_disable"])], best: .proven,
    takes: "CONFIG_IRQSOFF_TRACER (or CONFIG_PREEMPTIRQ_TRACEPOINTS) in the kernel; without it the "
      + "stack of the wakeup makes it at most likely.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.irqsOff, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let late = spike.lateInterrupt
    guard late.length >= spike.floor else { return .nothing }
    if let gap = spike.sharedGap(over: late) {
      return .refuted(
        .irqsOff,
        because:
          "hwlat measured a pause of CPU \(gap.cpu) of \(gap.length.microseconds) us meanwhile")
    }
    let tracers = ["irqsoff", "preemptirqsoff", "irq_disable"]
    if let stop = spike.sharedStop(over: late), spike.section(of: tracers, over: [late]) == nil {
      return .refuted(.irqsOff, because: stop.text)
    }
    guard let timer = LateTimer(spike) else {
      if let code = spike.interrupted, code.mode != .kernel {
        return .refuted(
          .irqsOff,
          because: "the late interrupt stopped \(code.mode == .user ? "user space" : "idle"), "
            + "where interrupts are enabled")
      }
      let spans = LateTimer.spans(spike)
      if !spans.isEmpty, let section = spike.section(of: tracers, over: spans) {
        return finding(spike, section.responsible, section.responsible, spans, section, .proven, [])
      }
      return spike.interrupted == nil ? withoutStack(spike, spans) : .nothing
    }
    if let stop = StopMachine.stop(spike) {
      return .refuted(
        .irqsOff, because: "\(stop.task.text) stops the machine with IRQs disabled by design")
    }
    let section = spike.section(of: tracers, over: timer.spans)
    // A host or firmware that stops the CPU leaves the same traces, but not just there.
    let doubtful =
      (spike.context.platform != .bareMetal || spike.mayBeSMI)
      && !timer.code.stoppedAtInterruptEnable
    var evidence: [Evidence] = []
    if let event = spike.times.interruptEvent {
      evidence.append(Evidence(event, note: "late by \(late.length.microseconds) us"))
    }
    if let event = spike.times.stackEvent, let first = timer.code.frames.first {
      evidence.append(Evidence(event, note: "interrupted in \(first.text)"))
    }
    let function = timer.code.responsible
    let name = function?.text ?? "the interrupted code"
    if section == nil, timer.code.stoppedAtInterruptEnable, spike.stealCovers(late) {
      return .open(
        .irqsOff,
        because: "\(name) may have disabled IRQs, but steal time grew by as much, "
          + "\(spike.steal.microseconds / 1_000) ms")
    }
    if section == nil, spike.hostPauses, !timer.code.mayHaveEnabledInterrupts {
      return .open(
        .irqsOff,
        because: "the interrupted \(name) does not enable IRQs, and the host preempts CPUs of this "
          + "guest")
    }
    return finding(
      spike, section?.responsible(timer.code) ?? function?.name ?? "", function?.text ?? "",
      timer.spans, section,
      section != nil ? .proven : doubtful ? .possible : .likely, evidence)
  }

  private func finding(
    _ spike: SpikeCase, _ name: String, _ place: String, _ spans: [TimeSpan],
    _ section: LatencySection?,
    _ confidence: Confidence, _ evidence: [Evidence]
  ) -> RuleOutcome {
    let host = spike.times.wakingEvent.map { spike.names.task($0.pid, at: $0.time).text } ?? "?"
    let step =
      section == nil
      ? "An irqsoff trace (-I) proves begin and end on a kernel with CONFIG_IRQSOFF_TRACER."
      : "Report the length of the section to the maintainers of that code."
    return RuleOutcome(findings: [
      Finding(
        .irqsOff, name: name, confidence: confidence, spans: spans,
        evidence: evidence + (section.map { [$0.evidence] } ?? []),
        nextStep: place.isEmpty
          ? (confidence > .possible ? "IRQs were disabled" : "IRQs may have been disabled")
            + " in \(host). The task is not necessarily the cause. " + step
          : "\(place) disabled IRQs in \(host). The task is not necessarily the cause. " + step)
    ])
  }

  /// Without a stack: what the function tracer's lines, the interrupt's preempt depth or the task's
  /// kind say.
  private func withoutStack(_ spike: SpikeCase, _ spans: [TimeSpan]) -> RuleOutcome {
    let unknown = RuleOutcome.open(
      .irqsOff, because: "no stack of the interrupted code was recorded")
    guard let late = LateInterrupt(spike), late.span.length * 2 >= spike.lateInterrupt.length,
      !late.looksLikePause
    else { return unknown }
    let claimed = Spans.intersection(spans, [late.span])
    let lateness = "late by \(spike.lateInterrupt.length.microseconds) us"
    if let function = late.function {
      let lines = late.traced.calls.filter { late.span.contains($0.event.time) }.prefix(2)
      return finding(
        spike, function, function, claimed, nil, .likely,
        [Evidence(late.event, note: lateness)] + lines.map { Evidence($0.event) })
    }
    let inKernel = spike.entryWithoutPreemption
    let isMarked = spike.context.hypervisor == nil && late.event.context.preemptDepth > 0
    guard
      inKernel != nil || late.isKernelThread || isMarked || spike.context.platform == .bareMetal
    else { return unknown }
    let depth = inKernel.map { "in the kernel at preempt depth \($0.context.preemptDepth); " } ?? ""
    var evidence = [Evidence(late.event, note: "\(lateness); \(depth)no stack was recorded")]
    if let birth = late.birth {
      evidence.append(
        Evidence(birth, note: "a kernel thread, which never runs in user space"))
    }
    // A program is only where it happened; a kernel thread's code is all that runs in it.
    return finding(
      spike, late.isKernelThread ? late.task.text : "", "", claimed, nil,
      late.birth == nil ? .possible : .likely, evidence)
  }
}
