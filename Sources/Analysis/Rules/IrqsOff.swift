import TraceModel

/// Interrupts disabled by kernel code, so that the timer interrupt came late.
///
/// Evidence: the timer interrupt came late, nothing else ran in interrupts, and the stack of the wake-up shows
/// kernel code under the interrupt, as a rule the primitive that enabled interrupts again; the name is the innermost
/// function that is not such a helper. A section of irqsoff or preemptirqsoff (or the irq_disable and irq_enable events)
/// that covers at least 80 % of it makes it proven, unless most of it is one stretch without events that a pause of the
/// machine could be. Without a stack the lines of a function tracer name the function (likely); else it is possible, on bare metal
/// or where the interrupt's preempt depth or a kernel thread says that this was kernel code; only a kernel thread is named
/// then, since a program is just where it happened. A section that irqsoff or preemptirqsoff recorded is judged by its own
/// lines: the name is the function in which one stretch between two lines has half of it, else the function that held
/// the lock; a wait for a spinning lock is possible at best. Without a wake-up the longest pair of irq_disable and
/// irq_enable is such a section.
///
/// Refuted by: an interrupt that came out of user space or idle, where interrupts are enabled; a gap that the hwlat tracer
/// found on another CPU meanwhile. Where the interrupted frame is not one that enables interrupts, a machine that may be virtual or
/// an SMI counter that grew makes it possible only: a host or firmware that stops the CPU looks the same. Not decided where
/// no stack of the interrupted code was recorded.
///
/// Next step: look at what the function holds; an irqsoff trace with function-trace off gives begin and end. The task
/// is only where it happened.
struct IrqsOff: Rule {
  static let profile = RuleProfile(
    .irqsOff, needs: [.waking, .wakeStack],
    proof: [.tracer(["irqsoff", "preemptirqsoff", "irq_disable"])], best: .proven,
    takes: "CONFIG_IRQSOFF_TRACER (or CONFIG_PREEMPTIRQ_TRACEPOINTS) in the kernel; without it the "
      + "stack of the wake-up makes it likely at best.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.irqsOff, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let late = spike.span(.timer)
    guard late.length >= spike.floor else { return .nothing }
    if let gap = spike.sharedGap(over: late) {
      return .refuted(
        .irqsOff,
        because: "hwlat saw CPU \(gap.cpu) stand still for \(gap.length.microseconds) us meanwhile")
    }
    let tracers = ["irqsoff", "preemptirqsoff", "irq_disable"]
    if let stop = spike.sharedStop(over: late), spike.section(of: tracers, over: [late]) == nil {
      return .refuted(.irqsOff, because: stop.text)
    }
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
    if section == nil, timer.code.stoppedAtInterruptEnable, spike.stealCovers(late) {
      return .open(
        .irqsOff,
        because: "\(function?.text ?? "the interrupted code") may have held interrupts off, but the "
          + "host took the CPU for as long: steal time grew by \(spike.steal.microseconds / 1_000) ms"
      )
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
            + " in \(host), which is only where it happened. " + step
          : "\(place) held interrupts off in \(host), which is only where it happened. " + step)
    ])
  }

  /// Without a stack: what the function tracer's lines, the interrupt's preempt depth or the task's kind say.
  private func withoutStack(_ spike: SpikeCase, _ spans: [TimeSpan]) -> RuleOutcome {
    let unknown = RuleOutcome.open(
      .irqsOff, because: "no stack of the interrupted code was recorded")
    guard let late = LateInterrupt(spike), late.span.length * 2 >= spike.span(.timer).length,
      !late.looksLikePause
    else { return unknown }
    let claimed = Spans.intersection(spans, [late.span])
    let lateness = "late by \(spike.span(.timer).length.microseconds) us"
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
    let depth = inKernel.map { "preempt depth \($0.context.preemptDepth): in the kernel; " } ?? ""
    var evidence = [Evidence(late.event, note: "\(lateness); \(depth)no stack says why")]
    if let birth = late.birth {
      evidence.append(
        Evidence(birth, note: "a kernel thread, which never runs user space"))
    }
    // A program is only where it happened; a kernel thread's code is all that runs in it.
    return finding(
      spike, late.isKernelThread ? late.task.text : "", "", claimed, nil,
      late.birth == nil ? .possible : .likely, evidence)
  }
}
