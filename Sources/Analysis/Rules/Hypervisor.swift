import TraceModel

/// The hypervisor did not run the virtual CPU.
///
/// Evidence: the timer interrupt was late although it stopped user space, idle or, on a host that
/// is known to preempt this guest, a function that cannot have enabled IRQs. Or no event came
/// between two adjacent steps of the timer interrupt, which take far less time elsewhere in the
/// trace. Or the idle loop continued long after need-resched was set, or most steps of the timer
/// interrupts took more than ten times as long as usual. It is likely if steal time grew, a timer
/// of an unrelated CPU was overdue at the same time, hwlat measured a gap, several interrupts
/// were pending at the end, or the end is at the same phase of a 100 ms period as earlier pauses.
/// Only a trace of the host can prove it.
///
/// Ruled out by: a machine that is known to be physical (if this is unknown, it is not decided), or
/// kernel code that was just enabling IRQs when the interrupt came.
///
/// Next step: pin the virtual CPUs, do not overcommit the host, trace the host. This kernel is not
/// the cause.
struct Hypervisor: Rule {
  static let profile = RuleProfile(
    .hypervisor, needs: [.waking, .wakeStack, .fact(.hypervisor)], proof: [.fact(.steal)],
    best: .likely,
    takes:
      "a trace of the host (trace-cmd agent); inside the guest it is at most likely, with steal "
      + "time counted by the host.")

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
          because: "the late interrupt stopped \(first.name) in the kernel"
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
            "the interrupt of a paravirtual device shows that this was a guest (\($0.text))"
          }
            ?? "the trace does not show whether this was a virtual machine")
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
          "the \($0.span.length.microseconds) us passed in \($0.interrupted), which takes far less "
          + "elsewhere in this trace")
    }
    let bringUp = Self.bringUp(spike)
    return RuleOutcome(
      findings: [
        Finding(
          .hypervisor, name: name,
          confidence: confidence,
          spans: stalls.map(\.span), evidence: evidence,
          nextStep: (confidence == .likely
            ? "The host preempted the CPU, which this kernel cannot prevent. "
            : "The host may have preempted the CPU. ")
            + (bringUp.map {
              "\($0) was bringing a CPU online meanwhile, which the host serves slowly. Do not change "
                + "which CPUs are online while real-time tasks run."
            }
              ?? "A trace of the host would show it. Pin the virtual CPUs and do not overcommit the host.")
        )
      ], open: rival.map { [$0] } ?? [])
  }

  /// The task whose stack shows that it was starting another CPU.
  private static func bringUp(_ spike: SpikeCase) -> String? {
    let functions = ["cpu_up", "_cpu_up", "bringup_cpu", "native_kick_ap", "do_boot_cpu"]
    guard let frames = spike.interrupted?.frames, let waking = spike.times.wakingEvent,
      frames.contains(where: { frame in
        functions.contains(String(frame.symbol.prefix { $0 != "." }))
      })
    else { return nil }
    return spike.names.task(waking.pid, at: waking.time).text
  }
}
