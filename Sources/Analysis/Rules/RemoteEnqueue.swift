import TraceModel

/// The wakeup came from another CPU, and the CPU of the thread handled it late.
///
/// Evidence: sched_waking on one CPU, sched_wakeup or the switch on another, and the time between
/// them. The ipi events and the entry of the vector on the target show what delayed the call.
///
/// Ruled out by: a wakeup on the CPU of the thread. The target_cpu of sched_waking is the CPU on
/// which the thread ran last, not its destination.
///
/// Next step: pin the thread and its timer, and find out what disabled IRQs on the target CPU.
struct RemoteEnqueue: Rule {
  static let profile = RuleProfile(
    .remoteEnqueue, needs: [.waking, .wakeup], best: .proven,
    takes: "the events sched:sched_waking and sched_wakeup of all CPUs; ipi:ipi_send_cpu (6.5 and "
      + "later) shows the sender.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let span = spike.span(.enqueue)
    guard span.length >= max(spike.floor, Nanoseconds(microseconds: 20)),
      let waking = spike.times.wakingEvent, let queued = spike.times.queuedEvent
    else { return .nothing }
    guard waking.cpu != spike.cpu else {
      return .refuted(.remoteEnqueue, because: "the wakeup and the thread were on the same CPU")
    }
    var evidence = [Evidence(waking, note: "on CPU \(waking.cpu)")]
    let target = spike.cpu
    let sent = spike.timeline[cpu: waking.cpu]?.events(in: span).first {
      if case .ipiSend(let targets, _, _) = $0.payload { targets.contains(target) } else { false }
    }
    if let sent { evidence.append(Evidence(sent)) }
    let entered = spike.events(in: TimeSpan(span.start, span.end + Nanoseconds(1))).last {
      switch $0.payload {
      case .vectorEntry(let name, _):
        name == "reschedule" || name.hasPrefix("call_function") || name == "irq_work"
      case .functionCallEntry: true
      default: false
      }
    }
    if let entered { evidence.append(Evidence(entered, note: "on CPU \(entered.cpu)")) }
    evidence.append(Evidence(queued, note: "on CPU \(queued.cpu)"))
    let busy = spike.replay.ran(in: span).first?.occupant.name ?? "?"
    // What ran there in interrupts has its own classes.
    let spans = spike.replay.spans(in: span) { slice in
      switch slice.occupant {
      case .task, .idle: true
      default: false
      }
    }
    return RuleOutcome(findings: [
      Finding(
        .remoteEnqueue, name: "CPU \(waking.cpu) to CPU \(spike.cpu)",
        confidence: queued.cpu == spike.cpu ? .proven : .likely, spans: spans, evidence: evidence,
        nextStep:
          "CPU \(spike.cpu) ran \(busy) and handled the wakeup from CPU \(waking.cpu) after "
          + "\(span.length.microseconds) us. Pin the thread, and check what disabled IRQs on CPU "
          + "\(spike.cpu).")
    ])
  }
}
