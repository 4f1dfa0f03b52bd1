import TraceModel

/// Softirqs ran before the thread was woken or switched to.
///
/// Evidence: softirq_entry and softirq_exit, without the interrupts in between. RCU has its own
/// class. The softirq_noise event of osnoise has its own begin and end. In the lines of a wakeup
/// tracer, the time between two lines inside a softirq counts (likely). So does a softirq inside a
/// section of preemptoff or preemptirqsoff, with the line or the interrupt that raised it.
///
/// Ruled out by: no softirq of that length. On PREEMPT_RT, softirqs run in threads and appear as
/// tasks.
///
/// Next step: depends on the vector. Move the network or disk IRQ, find out which code arms the
/// timers, and check softirq_raise.
struct Softirq: Rule {
  static let profile = RuleProfile(
    .softirq, needs: [.events(["irq:softirq_entry"]), .events(["irq:softirq_exit"])], best: .proven,
    takes: "the events irq:softirq_entry and softirq_exit.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.softirq, in: spike)
  }

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    let parts = noise.parts(of: .softirq, in: spike) { _ in
      "The event softirq_raise before it shows who raised it."
    } name: {
      if case .softirq(let name) = $0 { name } else { nil }
    }
    if let parts { return parts }
    guard case .softirq(let name) = noise.kind else { return noise.summary(.softirq, in: spike) }
    return noise.finding(
      .softirq, name, .proven, in: spike,
      nextStep: "The event softirq_raise before it shows who raised it.")
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    var findings: [Finding] = []
    var small: [RanEntry] = []
    for entry in spike.replay.ran(in: before) {
      guard case .softirq(let vector) = entry.occupant, vector != SoftirqVector.rcu.rawValue,
        !isThreaded(entry.occupant, spike, before)
      else { continue }
      guard entry.net >= spike.floor else {
        small.append(entry)
        continue
      }
      let evidence = HardIRQ.evidence(spike, of: entry.occupant, in: before)
      findings.append(
        Finding(
          .softirq, name: SoftirqVector.name(of: vector),
          confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spike.replay.spans(in: before) { $0.occupant == entry.occupant },
          evidence: evidence, nextStep: advice(vector)))
    }
    if findings.isEmpty, let marked = marked(spike, in: before) { findings.append(marked) }
    if let sum = spike.together(.softirq, small, in: before, group: "softirq vectors") {
      findings.append(sum)
    }
    return RuleOutcome(findings: findings)
  }

  /// Softirqs by the marks of a wakeup tracer's lines, which has no events of them: the time
  /// between two lines that both are in one.
  private func marked(_ spike: SpikeCase, in span: TimeSpan) -> Finding? {
    guard spike.isTracedWakeup else { return nil }
    // A thread made for softirqs is a task like any other.
    let events = spike.events(in: TimeSpan(span.start, span.end + Nanoseconds(1))).filter {
      !KernelTasks.servesInterrupts(spike.names.task($0.pid, at: $0.time).comm)
    }
    let found = TracedSoftirq.all(in: events)
    var vectors: [String: Nanoseconds] = [:]
    for softirq in found { vectors[softirq.vector, default: .zero] += softirq.length }
    let spans = Spans.intersection(Spans.merged(found.flatMap(\.spans)), [span])
    guard Spans.length(spans) >= spike.floor, let first = found.first, let last = found.last
    else { return nil }
    let longest = vectors.max { ($0.value, $1.key) < ($1.value, $0.key) }
    return Finding(
      .softirq, name: longest?.key ?? "", confidence: .likely, spans: spans,
      evidence: [
        Evidence(first.first, note: "in a softirq"),
        Evidence(last.last, note: "last line in the softirq"),
      ],
      nextStep: "Softirqs ran for \(Spans.length(spans).microseconds) us. Record softirq_entry and "
        + "softirq_raise to see which softirqs ran, and what raised them.")
  }

  /// Whether threads did it that are a cause themselves by their priority.
  private func isThreaded(_ occupant: Occupant, _ spike: SpikeCase, _ span: TimeSpan) -> Bool {
    let threads = Set(
      spike.rivals.lazy.filter { $0.culprit == .irqThread }.map(\.task.pid))
    guard !threads.isEmpty else { return false }
    return spike.replay.slices.allSatisfy { slice in
      slice.occupant != occupant || slice.span.clipped(to: span) == nil
        || threads.contains(slice.task.pid)
    }
  }

  private func advice(_ vector: UInt32) -> String {
    switch SoftirqVector(rawValue: vector) {
    case .netRx, .netTx: "Move the network IRQ, or steer packets to another CPU with RPS."
    case .timer: "The event timer_expire_entry shows the functions of the timers."
    case .block: "Move the IRQ of the disk or its completion (rq_affinity) to another CPU."
    default: "The event softirq_raise before it shows who raised it."
    }
  }
}
