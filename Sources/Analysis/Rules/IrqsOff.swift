import TraceModel

/// Interrupts disabled by kernel code, so that the timer interrupt came late.
///
/// Evidence: the timer interrupt came late, nothing else ran in interrupts, and the stack of the wake-up shows
/// kernel code under the interrupt, as a rule the primitive that enabled interrupts again; the name is the innermost
/// function that is not such a helper. A section of irqsoff or preemptirqsoff (or the irq_disable and irq_enable events)
/// that covers at least 80 % of it makes it proven. Without a stack it is possible and has no name: on bare metal where
/// a task was interrupted, in a guest where the interrupt's preempt depth says that this was kernel code.
///
/// Refuted by: an interrupt that came out of user space or idle, where interrupts are enabled; a gap that the hwlat tracer
/// found on another CPU meanwhile. Where the interrupted frame is not one that enables interrupts, a virtual machine or an
/// SMI counter that grew makes it possible only: a host or firmware that stops the CPU looks the same.
///
/// Next step: look at what the function holds; an irqsoff trace with function-trace off gives begin and end. The task
/// is only where it happened.
struct IrqsOff: Rule {
  static let profile = RuleProfile(
    .irqsOff, needs: [.waking, .wakeStack],
    proof: [.tracer(["irqsoff", "preemptirqsoff", "irq_disable"])], best: .proven,
    takes: "CONFIG_IRQSOFF_TRACER (or CONFIG_PREEMPTIRQ_TRACEPOINTS) in the kernel; without it the "
      + "stack of the wake-up makes it likely at best.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let late = spike.span(.timer)
    guard late.length >= spike.floor else { return .nothing }
    if let gap = spike.sharedGap(over: late) {
      return .refuted(
        .irqsOff,
        because: "hwlat saw CPU \(gap.cpu) stand still for \(gap.length.microseconds) us meanwhile")
    }
    let tracers = ["irqsoff", "preemptirqsoff", "irq_disable"]
    guard let timer = LateTimer(spike) else {
      if let code = spike.interrupted, code.mode != .kernel {
        return .refuted(
          .irqsOff,
          because: "the late interrupt came out of \(code.mode == .user ? "user space" : "idle"), "
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
        .irqsOff, because: "\(stop.task.text) stops the machine with interrupts off by design")
    }
    let section = spike.section(of: tracers, over: timer.spans)
    // A host or firmware that stops the CPU leaves the same traces, but not just there.
    let doubtful =
      (spike.context.hypervisor != nil || spike.mayBeSMI) && !timer.code.stoppedAtInterruptEnable
    var evidence: [Evidence] = []
    if let event = spike.times.interruptEvent {
      evidence.append(Evidence(event, note: "late by \(late.length.microseconds) us"))
    }
    if let event = spike.times.stackEvent, let first = timer.code.frames.first {
      evidence.append(Evidence(event, note: "interrupted in \(first.text)"))
    }
    let function = timer.code.responsible
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
          ? "Interrupts were off in \(host), which is only where it happened. " + step
          : "\(place) held interrupts off in \(host), which is only where it happened. " + step)
    ])
  }

  /// Without a stack the late interrupt alone fits where a task was interrupted, on bare metal; in a guest only where
  /// that was kernel code.
  private func withoutStack(_ spike: SpikeCase, _ spans: [TimeSpan]) -> RuleOutcome {
    let inKernel = spike.entryWithoutPreemption
    guard spike.context.hypervisor == nil || inKernel != nil,
      let event = spike.times.interruptEvent, event.pid != 0,
      Spans.length(spans) >= max(spike.floor, Nanoseconds(microseconds: 20))
    else {
      return .refuted(.irqsOff, because: "no stack of the interrupted code was recorded")
    }
    let depth = inKernel.map { "preempt depth \($0.context.preemptDepth): in the kernel; " } ?? ""
    let late = Evidence(
      event,
      note: "late by \(spike.span(.timer).length.microseconds) us; \(depth)no stack says why")
    return finding(spike, "", "", spans, nil, .possible, [late])
  }
}
