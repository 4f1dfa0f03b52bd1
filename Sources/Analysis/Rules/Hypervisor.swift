import TraceModel

/// The hypervisor did not run the virtual CPU.
///
/// Evidence: the timer interrupt was late although user space or idle was interrupted, where interrupts are enabled, or
/// nothing was written between two events that follow each other at once (which of the timer interrupt's own do, the rest
/// of the trace shows), or the idle loop was still there long after it had been asked to give the CPU up. Steal time that grew, a gap that the
/// hwlat tracer found meanwhile, several interrupts pending at the end of the silence, or an end at the same place in a period of
/// 100 ms as the pauses of earlier spikes, make it likely; only a trace of the host could prove it.
///
/// Refuted by: a machine that was looked at and is physical (where that is not known, it is not decided); kernel code that enabled interrupts when the interrupt came.
///
/// Next step: pin the virtual CPUs, do not overcommit the host, trace the host. It is no fault of this kernel.
struct Hypervisor: Rule {
  static let profile = RuleProfile(
    .hypervisor, needs: [.waking, .wakeStack, .fact(.hypervisor)], proof: [.fact(.steal)],
    best: .likely,
    takes: "a trace of the host (trace-cmd agent); from inside it is likely at best, with steal "
      + "time that the host exports.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var stalls = spike.stalls
    let isGuest = spike.guestSign != nil
    guard !stalls.isEmpty else {
      if spike.context.hypervisor != nil, spike.span(.timer).length >= spike.floor,
        let code = spike.interrupted, code.mode == .kernel, code.stoppedAtInterruptEnable,
        let first = code.frames.first
      {
        return .refuted(
          .hypervisor,
          because: "the late interrupt met \(first.name) in the kernel"
            + (spike.context.countsSteal == true && spike.context.steal[spike.cpu] == .zero
              ? " and steal time did not grow" : ""))
      }
      return .nothing
    }
    let name: String
    switch spike.context.platform {
    case .bareMetal:
      return .refuted(.hypervisor, because: "this is a physical machine")
    case .guest(let guest): name = guest
    case .unknown:
      // A late interrupt out of the idle loop may be an idle state's as well.
      stalls.removeAll { $0.interrupted == Stall.idleLoop || ($0.pending < 2 && !isGuest) }
      guard !stalls.isEmpty else {
        return .open(
          .hypervisor,
          because: spike.guestSign.map {
            "the interrupt of a paravirtual device says that this was a guest (\($0.text))"
          }
            ?? "whether this was a virtual machine is not known")
      }
      name = ""
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
    let grid = PauseGrid(spike.context.pauseEnds, ends: stalls.map(\.span.end))
    if let grid { evidence.append(grid.evidence) }
    let supported =
      steal > .zero || !gaps.isEmpty || grid != nil
      || stalls.contains { $0.pending > 1 || spike.sharedStop(over: $0.span) != nil }
    let confidence: Confidence =
      supported && !spike.mayBeSMI && spike.context.platform != .unknown ? .likely : .possible
    // What a handler does between two of its events is not in the trace.
    let inHandler = stalls.first { $0.isCodePath }
    let rival = inHandler.map {
      OpenRival(
        .hardIRQ,
        because:
          "the \($0.span.length.microseconds) us fell into \($0.interrupted), which takes far "
          + "less elsewhere in this trace")
    }
    return RuleOutcome(
      findings: [
        Finding(
          .hypervisor, name: name,
          confidence: confidence,
          spans: stalls.map(\.span), evidence: evidence,
          nextStep: (confidence == .likely
            ? "The host took the CPU away, which is not a fault of this kernel. "
            : "The host may have taken the CPU away. ")
            + "A trace of the host decides. Pin the virtual CPUs and do not overcommit the host.")
      ], open: rival.map { [$0] } ?? [])
  }
}
