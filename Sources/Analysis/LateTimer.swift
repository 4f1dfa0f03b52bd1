import TraceModel

/// The timer interrupt came late, and the CPU was in kernel code when it came.
struct LateTimer {
  /// The stretch in which interrupts may have been off, what ran in interrupts taken off.
  var spans: [TimeSpan]
  /// The interrupted code.
  var code: InterruptedCode

  /// nil where the interrupt was on time, or where no stack reports what it interrupted.
  init?(_ spike: SpikeCase) {
    guard let code = spike.interrupted, code.mode == .kernel else { return nil }
    let spans = Self.spans(spike)
    guard Spans.length(spans) >= spike.floor else { return nil }
    self.spans = spans
    self.code = code
  }

  /// The late stretch without interrupts, from the last event that was written with interrupts
  /// enabled.
  static func spans(_ spike: SpikeCase) -> [TimeSpan] {
    let late = spike.lateInterrupt
    guard late.length >= spike.floor else { return [] }
    let enabled = spike.events(in: late).last {
      if case .switched = $0.payload { return false }
      return !$0.context.irqsOff && !$0.context.inHardIRQ && !$0.context.inNMI
    }
    let section = TimeSpan(max(enabled?.time ?? late.start, late.start), late.end)
    return spike.replay.spans(in: section) { slice in
      if case .task = slice.occupant { true } else { slice.occupant == .idle }
    }
  }
}
