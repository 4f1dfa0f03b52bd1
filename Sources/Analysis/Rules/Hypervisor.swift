import TraceModel

/// The hypervisor did not run the virtual CPU.
///
/// Evidence: the timer interrupt was late although user space or idle was interrupted, where interrupts are enabled, or
/// nothing was written between two events that follow each other at once, or the idle loop was still there long after
/// it had been asked to give the CPU up. Steal time that grew, a gap that the
/// hwlat tracer found meanwhile, or several interrupts pending at the end of the silence, make it likely; only a trace of the host could prove it.
///
/// Refuted by: bare metal; kernel code that enabled interrupts when the interrupt came.
///
/// Next step: pin the virtual CPUs, do not overcommit the host, trace the host. It is no fault of this kernel.
struct Hypervisor: Rule {
  static let profile = RuleProfile(
    .hypervisor, needs: [.waking, .wakeStack, .fact(.hypervisor)], proof: [.fact(.steal)],
    best: .likely,
    takes: "a trace of the host (trace-cmd agent); from inside it is likely at best, with steal "
      + "time that the host exports.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let stalls = spike.stalls()
    guard !stalls.isEmpty else {
      if spike.context.hypervisor != nil, spike.span(.timer).length >= spike.floor,
        let code = spike.interrupted, code.mode == .kernel, code.stoppedAtInterruptEnable,
        let first = code.frames.first
      {
        return .refuted(
          .hypervisor,
          because: "the late interrupt met \(first.name) in the kernel"
            + (spike.steal == .zero ? " and steal time did not grow" : ""))
      }
      return .nothing
    }
    guard let name = spike.context.hypervisor else {
      return .refuted(.hypervisor, because: "this is no virtual machine")
    }
    var evidence = stalls.flatMap(spike.evidence(of:))
    let steal = spike.steal
    if steal > .zero {
      evidence.append(
        Evidence(
          source: "/proc/stat", text: "steal grew by \(steal.microseconds / 1000) ms",
          cpu: spike.cpu))
    }
    let gaps = stalls.flatMap { spike.gaps(in: $0.span) }
    evidence += gaps.map(\.evidence)
    let supported = steal > .zero || !gaps.isEmpty || stalls.contains { $0.pending > 1 }
    return RuleOutcome(findings: [
      Finding(
        .hypervisor, name: name,
        confidence: supported && !spike.mayBeSMI ? .likely : .possible,
        spans: stalls.map(\.span), evidence: evidence,
        nextStep:
          "Not a fault of this kernel: the host took the CPU away. Pin the virtual CPUs, do "
          + "not overcommit the host, and look at a trace of the host for proof.")
    ])
  }
}
