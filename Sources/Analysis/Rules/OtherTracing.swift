import TraceModel

/// Another tool traces this kernel: probes, BPF programs, other instances or function tracing.
///
/// Evidence: the stack of the wakeup is in a probe or BPF program while the timer was late or the
/// thread was runnable. Other users of tracing make it possible if all segments are longer by the
/// same factor.
///
/// Ruled out by: no other user and no such stack.
///
/// Next step: stop the other user, which the report names, and measure again.
struct OtherTracing: Rule {
  static let profile = RuleProfile(
    .otherTracing, needs: [.waking, .wakeStack], proof: [.fact(.otherTracing)], best: .likely,
    takes: "root to read tracefs instances, kprobe_events and enabled_functions.")

  private static func isProbe(_ name: String) -> Bool {
    [
      "bpf_prog_", "bpf_trace_run", "kprobe_", "kretprobe_", "trace_call_bpf", "uprobe_",
      "perf_trace_",
    ]
    .contains(where: name.hasPrefix)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let users = spike.context.otherTracing ?? []
    var evidence = users.prefix(4).map { Evidence(source: "tracefs", text: $0) }
    let timer = LateTimer(spike)
    for (spans, code) in [(timer?.spans, timer?.code), (spike.held?.spans, spike.held?.code)] {
      guard let spans, let code,
        let frame = code.frames.prefix(8).first(where: { Self.isProbe($0.symbol) })
      else { continue }
      if let stack = spike.times.stackEvent { evidence.insert(Evidence(stack), at: 0) }
      return RuleOutcome(findings: [
        Finding(
          .otherTracing, name: frame.name, confidence: .likely, spans: spans, evidence: evidence,
          nextStep: "A probe or BPF program ran there. Stop it and measure again.")
      ])
    }
    guard !users.isEmpty, let stretch = spike.evenStretch else { return .nothing }
    return RuleOutcome(findings: [
      Finding(
        .otherTracing, name: users.first ?? "", confidence: .possible, spans: stretch.spans,
        evidence: evidence,
        nextStep: "Other tools trace this kernel too. Stop them and measure again.")
    ])
  }
}
