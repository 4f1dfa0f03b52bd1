import TraceModel

/// Another CPU made this one run a function, or reschedule, with an inter-processor interrupt.
///
/// Evidence: ipi_send_cpu, ipi_send_cpumask or ipi_raise on the sender with its task and, if
/// recorded, its stack; and the entry of the interrupt on the target.
///
/// Ruled out by: a target that was idle meanwhile (idle-exit).
///
/// Next step: the stack of the sender shows the reason: static keys, module loading, TLB flushes or
/// membarrier.
struct CrossCPUCall: Rule {
  static let profile = RuleProfile(
    .crossCPUCall,
    needs: [
      .events(["ipi:ipi_send_cpu", "ipi:ipi_send_cpumask", "ipi:ipi_raise"]),
      .events(["irq_vectors:call_function_single_entry", "ipi:ipi_entry"]),
    ], best: .likely,
    takes: "the events ipi:ipi_send_cpu (6.4 and later) or ipi:ipi_raise (arm), and those of "
      + "irq_vectors or ipi_entry.")

  /// A call that takes longer was not only under way.
  private static let most = Nanoseconds(microseconds: 100)

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .call else { return .nothing }
    let window = spike.sample.window
    let sent = spike.timeline[cpu: work.origin]?.events(in: TimeSpan(window.start, window.start))
      .first { Self.isSent($0) }
    let taken = spike.timeline[cpu: spike.sample.cpu]?.events(in: TimeSpan(window.end, window.end))
      .first { Self.isTaken($0) }
    guard let sent, let taken else { return .nothing }
    let sender = spike.names.task(sent.pid, at: sent.time)
    let frames = spike.stack(of: sent).map { KernelFunctions.bare($0.symbol) }
    let callers = frames.filter { !$0.isEmpty && !KernelFunctions.isHelper($0) }
    var text =
      "\(sender.text) on CPU \(sent.cpu) sent it, CPU \(taken.cpu) received it "
      + "\(spike.sample.latency.microseconds) us later"
    if let left = left(taken, spike) {
      text += " and handled it in \((left.time - taken.time).microseconds) us"
    }
    text += "."
    if callers.isEmpty {
      text += " Record a stack at ipi:ipi_send_cpu and ipi_send_cpumask to see why."
    } else {
      text += " The sender's path: " + callers.prefix(8).joined(separator: ", ") + "."
    }
    guard spike.sample.latency <= Self.most else {
      // Whoever sent it is not to blame for that.
      return .open(
        .irqsOff,
        because: "CPU \(taken.cpu) did not handle the interrupt of CPU \(sent.cpu) for "
          + "\(spike.sample.latency.microseconds) us, as if it had IRQs disabled")
    }
    return RuleOutcome(findings: [
      Finding(
        .crossCPUCall, name: sender.text, confidence: .likely, spans: [window],
        evidence: [Evidence(sent), Evidence(taken)], nextStep: text)
    ])
  }

  private func left(_ taken: TraceEvent, _ spike: SpikeCase) -> TraceEvent? {
    let soon = TimeSpan(taken.time, taken.time + Nanoseconds(microseconds: 10_000))
    return spike.timeline[cpu: taken.cpu]?.events(in: soon).first { event in
      switch (taken.payload, event.payload) {
      case (.vectorEntry(let name, _), .vectorExit(let other, _)): name == other
      case (.other, .other(let other)): other.name == "ipi_exit"
      default: false
      }
    }
  }

  static func isSent(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .ipiSend: true
    case .other(let other):
      other.name == "ipi_raise"
        || (other.name == "function"
          && LateWork.sendsCalls(other))
    default: false
    }
  }

  static func isTaken(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .vectorEntry(let name, _): name.hasPrefix("call_function") || name == "reschedule"
    case .other(let other): other.name == "ipi_entry"
    default: false
    }
  }
}

extension KernelFunctions {
  /// Functions that make another CPU run a function.
  static func sendsCalls(_ name: String) -> Bool {
    name.hasPrefix("smp_call_function") || name == "generic_exec_single"
      || name.hasPrefix("on_each_cpu")
  }
}
