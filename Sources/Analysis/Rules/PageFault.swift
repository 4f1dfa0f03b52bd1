import TraceModel

/// The measured thread took a page fault between its switch and its clock reading.
///
/// Evidence: page_fault_user or page_fault_kernel of the thread, and its wait for the page. Without
/// these events, the fault counter of the thread makes it possible.
///
/// Ruled out by: the events are recorded and show no fault after the switch. Faults before the
/// expiry belong to another cycle.
///
/// Next step: use mlockall, touch the memory before the loop, disable NUMA balancing and
/// transparent huge pages.
struct PageFault: Rule {
  static let profile = RuleProfile(
    .pageFault, needs: [.events(["exceptions:page_fault_user", "exceptions:page_fault_kernel"])],
    proof: [.switches], best: .proven,
    takes:
      "the events exceptions:page_fault_user and page_fault_kernel (x86); without them the fault "
      + "counter of the thread makes it at most possible.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let after = spike.afterSwitch
    let tid = spike.sample.task.pid
    // The thread may have been moved while it waited for the page: look on all CPUs.
    let faults = spike.timeline.cpus.flatMap { $0.events(in: after) }.filter {
      if case .pageFault = $0.payload { $0.pid == tid } else { false }
    }.sorted { $0.time < $1.time }
    guard let first = faults.first else {
      if let count = spike.context.pageFaults, count > 0, after.length >= spike.floor,
        !spike.recorded("exceptions:page_fault_user")
      {
        return RuleOutcome(findings: [
          Finding(
            .pageFault, name: "\(count) faults", confidence: .possible, spans: [after],
            evidence: [
              Evidence(source: "getrusage", text: "\(count) page faults in the cycle of the spike")
            ], nextStep: Self.advice)
        ])
      }
      if after.length >= spike.floor, spike.recorded("exceptions:page_fault_user") {
        return .refuted(
          .pageFault, because: "the thread took no page fault after it was switched in")
      }
      return .nothing
    }
    let claim = TimeSpan(first.time, after.end)
    guard claim.length >= spike.floor else { return .nothing }
    var evidence = faults.prefix(3).map { Evidence($0) }
    let blocked = spike.events(in: claim).first {
      if case .switched(let change) = $0.payload {
        change.previous.pid == tid && !change.previousState.isRunnable
      } else {
        false
      }
    }
    if let blocked { evidence.append(Evidence(blocked, note: "blocked for the page")) }
    var name = "\(faults.count) fault\(faults.count == 1 ? "" : "s")"
    if case .pageFault(let user, let address, _) = first.payload {
      name += " at 0x" + String(address, radix: 16) + (user ? "" : " (kernel)")
    }
    // While it sleeps for the page all the time is the fault's; else what interrupts it is not.
    let spans =
      blocked != nil
      ? [claim]
      : spike.replay.spans(in: claim) { slice in
        if case .task(let task, _) = slice.occupant { task.pid == tid } else { false }
      }
    return RuleOutcome(findings: [
      Finding(
        .pageFault, name: name, confidence: .proven, spans: spans.isEmpty ? [claim] : spans,
        evidence: evidence, nextStep: Self.advice)
    ])
  }

  private static let advice =
    "Lock the memory (mlockall; breaktrace does unless --no-mlockall is given), touch it before the "
    + "loop, and disable NUMA balancing and transparent huge pages."
}
