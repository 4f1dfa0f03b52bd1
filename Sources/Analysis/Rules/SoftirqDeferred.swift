import TraceModel

/// A softirq was deferred to its thread, which ran late.
///
/// Evidence: softirq_raise, and softirq_entry of the same vector in ksoftirqd or the timer thread.
/// sched_switch shows what ran meanwhile.
///
/// Ruled out by: a softirq that ran at the end of an interrupt.
///
/// Next step: find out what kept ksoftirqd from running, or what disabled softirqs for so long that
/// they were deferred.
struct SoftirqDeferred: Rule {
  static let profile = RuleProfile(
    .softirqDeferred,
    needs: [.events(["irq:softirq_raise"]), .events(["irq:softirq_entry"])], proof: [.switches],
    best: .likely, takes: "the events irq:softirq_raise and softirq_entry.")

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .softirq else { return .nothing }
    let window = spike.sample.window
    let vector = UInt32(clamping: work.number)
    let raised = spike.event(at: window.start) { $0.payload == .softirqRaise(vector: vector) }
    let entered = spike.event(at: window.end) { $0.payload == .softirqEntry(vector: vector) }
    guard let raised, let entered else { return .nothing }
    let runner = spike.names.task(entered.pid, at: entered.time)
    guard KernelTasks.servesInterrupts(runner.comm) else {
      return .refuted(
        .softirqDeferred, because: "the softirq did not run in its thread, but in \(runner.text)")
    }
    let length = spike.sample.latency.microseconds
    var text =
      "Softirq \(work.what) was raised \(length) us before \(runner.text) ran it, because it was deferred "
      + "to the thread. "
    if let busiest = spike.mostlyRan {
      text += "Meanwhile \(busiest.name) ran for \(busiest.net.microseconds) us. "
      text += "Raise the thread's priority, or move the interrupt or that task to another CPU."
    } else {
      text += "The trace does not show what the CPU ran meanwhile. Record sched:sched_switch and "
      text += "sched:sched_waking."
    }
    return RuleOutcome(findings: [
      Finding(
        .softirqDeferred, name: work.what, confidence: spike.mostlyRan == nil ? .possible : .likely,
        spans: [window],
        evidence: [Evidence(raised), Evidence(entered, note: "in \(runner.text)")],
        nextStep: text)
    ])
  }
}
