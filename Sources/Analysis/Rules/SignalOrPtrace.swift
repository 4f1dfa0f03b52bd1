import TraceModel

/// The return to user space was delayed by a signal, a ptrace tracer or other work on the exit
/// path.
///
/// Evidence: the thread was switched out stopped (T: SIGSTOP, SIGTSTP) or traced (t: strace, a
/// debugger). Until it returns, the time belongs to the signal or the tracer, which is named by its
/// wakeup of the thread. Otherwise signal events of the thread between its switch and its clock
/// reading. A TracerPid other than 0 makes it possible without events.
///
/// Ruled out by: interrupts or page faults that explain this time.
///
/// Next step: check for strace or a debugger. Audit rules and seccomp add a cost to each system
/// call.
struct SignalOrPtrace: Rule {
  static let profile = RuleProfile(
    .signalOrPtrace, needs: [.switches, .events(["signal:signal_deliver"])],
    proof: [.fact(.ptracer)], best: .proven,
    takes:
      "the event sched:sched_switch with the state of the thread; for signals that do not stop it "
      + "signal:signal_generate and signal_deliver.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let stops = ThreadStop.all(spike)
    if !stops.isEmpty { return stopped(spike, stops) }
    return delivered(spike)
  }

  /// The thread was stopped, or stopped again and again.
  private func stopped(_ spike: SpikeCase, _ stops: [ThreadStop]) -> RuleOutcome {
    let isTraced = stops.contains(where: \.isTraced)
    let chosen = stops.filter { $0.isTraced == isTraced }
    let waker = chosen.compactMap(\.resumed).last.map { spike.names.task($0.pid, at: $0.time) }
    // SIGCONT comes from whoever sent it; a tracer lets go by itself.
    let tracer = isTraced ? waker.map { "ptrace by \($0.text)" } ?? "ptrace" : nil
    let count = chosen.count == 1 ? "" : " \(chosen.count) times"
    return RuleOutcome(findings: [
      Finding(
        .signalOrPtrace, name: tracer ?? "SIGSTOP",
        confidence: chosen.allSatisfy { $0.resumed != nil } ? .proven : .likely,
        spans: chosen.map(\.span), evidence: chosen.prefix(2).flatMap(\.evidence),
        nextStep: tracer != nil
          ? "\(waker?.text ?? "A tracer") stopped the thread\(count) with ptrace (strace or a "
            + "debugger). Stop it, or use a tool that does not stop the thread (perf trace)."
          : "A stop signal (SIGSTOP, SIGTSTP) stopped the thread\(count)"
            + (waker.map { ", and \($0.text) continued it" } ?? "")
            + ". The kernel was not late.")
    ])
  }

  private func delivered(_ spike: SpikeCase) -> RuleOutcome {
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
        nextStep:
          "Check for strace, a debugger or an audit rule on the process, and direct signals to "
          + "other threads than the measuring ones.")
    ])
  }
}
