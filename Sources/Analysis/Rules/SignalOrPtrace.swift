import TraceModel

/// The return to user space took long because of a signal, a tracer of the process, or other work on the way out.
///
/// Evidence: signal events of the thread between its switch and its clock reading; a TracerPid that is not 0 makes it
/// possible without them.
///
/// Refuted by: interrupts or page faults that account for that stretch.
///
/// Next step: is strace or a debugger attached? Audit rules and seccomp cost on each system call.
struct SignalOrPtrace: Rule {
  static let profile = RuleProfile(
    .signalOrPtrace, needs: [.switches, .events(["signal:signal_deliver"])],
    proof: [.fact(.ptracer)], best: .likely,
    takes: "the events signal:signal_generate and signal_deliver.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let after = spike.afterSwitch
    let tid = spike.sample.task.pid
    guard after.length >= spike.floor else { return .nothing }
    let signals = spike.others(in: after, named: ["signal_deliver", "signal_generate"]).filter {
      $0.pid == tid
    }
    let tracer = spike.context.ptracer ?? 0
    guard let from = signals.first?.time ?? (tracer > 0 ? after.start : nil) else {
      return .nothing
    }
    let spans = spike.ownSpans(in: TimeSpan(from, after.end))
    guard Spans.length(spans) >= spike.floor else { return .nothing }
    var evidence = signals.prefix(3).map { Evidence($0) }
    if tracer > 0 {
      evidence.append(Evidence(source: "/proc/self/status", text: "TracerPid \(tracer)"))
    }
    return RuleOutcome(findings: [
      Finding(
        .signalOrPtrace, name: signals.isEmpty ? "pid \(tracer)" : "signal",
        confidence: signals.isEmpty ? .possible : .likely, spans: spans, evidence: evidence,
        nextStep: "Is strace, a debugger or an audit rule on the process? Signals belong to other "
          + "threads than the measuring ones.")
    ])
  }
}
