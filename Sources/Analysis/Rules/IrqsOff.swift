import TraceModel

/// Interrupts disabled by kernel code, so that the timer interrupt came late.
///
/// Needs the stack of the wake-up: its first frame under the interrupt is kernel code, as a rule the
/// primitive that enabled interrupts again; the culprit is the first function that is not such a helper.
/// Refuted where the interrupt came out of user space or idle, where interrupts are enabled.
struct IrqsOff: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let late = spike.span(.timer)
    guard late.length >= spike.floor else { return .nothing }
    guard let code = spike.interrupted else {
      return .refuted(.irqsOff, because: "no stack of the interrupted code was recorded")
    }
    guard code.mode == .kernel, let function = code.responsible else {
      return .refuted(
        .irqsOff,
        because: "the late interrupt came out of \(code.mode == .user ? "user space" : "idle"), "
          + "where interrupts are enabled")
    }
    // An event written with interrupts enabled says that the section began after it.
    let enabled = spike.events(in: late).last {
      !$0.context.irqsOff && !$0.context.inHardIRQ && !$0.context.inNMI && !isSwitch($0)
    }
    let section = TimeSpan(enabled?.time ?? late.start, late.end)
    let spans = spike.replay.spans(in: section) { slice in
      if case .task = slice.occupant { true } else { slice.occupant == .idle }
    }
    let claimed = spans.reduce(Nanoseconds.zero) { $0 + $1.length }
    guard claimed >= spike.floor else { return .nothing }
    let doubtful =
      spike.context.hypervisor != nil && spike.steal > .zero && !code.stoppedAtInterruptEnable
    var evidence: [Evidence] = []
    if let event = spike.times.interruptEvent {
      evidence.append(Evidence(event, note: "late by \(late.length.microseconds) us"))
    }
    if let event = spike.times.stackEvent {
      evidence.append(Evidence(event, note: "interrupted in \(code.frames[0].text)"))
    }
    let interrupted = spike.times.wakingEvent.map { spike.timeline.task($0.pid).text } ?? "?"
    return RuleOutcome(findings: [
      Finding(
        .irqsOff, name: function.name, confidence: doubtful ? .possible : .likely, spans: spans,
        evidence: evidence,
        nextStep: "\(function.text) held interrupts off in \(interrupted), which is only where it "
          + "happened. An irqsoff trace (-I) proves begin and end on a kernel with "
          + "CONFIG_IRQSOFF_TRACER.")
    ])
  }

  private func isSwitch(_ event: TraceEvent) -> Bool {
    if case .switched = event.payload { true } else { false }
  }
}
