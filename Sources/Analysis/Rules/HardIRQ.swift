import TraceModel

/// One long IRQ handler, or many of them, ran before the thread was woken or switched to.
///
/// Evidence: entry and exit of the handler or vector. Its net time counts, without nested ones. Of
/// the interrupt that woke the thread, the times before and after the wakeup count. Short handlers
/// of several kinds are one finding if their sum is large enough. If the section of a latency
/// tracer begins at the entry of an interrupt, its handler is likely, or that of the device if a
/// line names it. In the lines of a wakeup tracer, an interrupt takes the time between its own
/// first and last line. The irq_noise event of osnoise has its own begin and end.
///
/// Ruled out by: a handler that ended before the expiry or began after the clock reading. In a
/// guest whose steal time grew by as much, the host may have paused the CPU inside the handler.
///
/// Next step: move the IRQ to another CPU, enable interrupt coalescing, or run the handler in a
/// thread (threadirqs).
struct HardIRQ: Rule {
  static let profile = RuleProfile(
    .hardIRQ, needs: [.interrupts], best: .proven,
    takes: "the events irq:irq_handler_entry and _exit (CONFIG_EVENT_TRACING), on x86 irq_vectors.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.hardIRQ, in: spike)
  }

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    let parts = noise.parts(of: .hardIRQ, in: spike) { _ in
      "Move the IRQ to another CPU, or find out why its handler takes so long."
    } name: {
      if case .interrupt(let name) = $0 { name } else { nil }
    }
    if let parts { return parts }
    guard case .interrupt(let name) = noise.kind else { return noise.summary(.hardIRQ, in: spike) }
    return noise.finding(
      .hardIRQ, name, .proven, in: spike,
      nextStep: "Move the IRQ to another CPU, or find out why its handler takes so long.")
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let before = TimeSpan(spike.sample.expiry, spike.afterSwitch.start)
    // The interrupt that wakes the thread is a part of every wakeup.
    let usual = [Segment.Name.irq, .enqueue, .schedule].reduce(Nanoseconds.zero) {
      $0 + (spike.baseline.typical($1) ?? .zero)
    }
    var findings: [Finding] = []
    var small: [RanEntry] = []
    for entry in spike.replay.ran(in: before) {
      switch entry.occupant {
      case .irq, .vector: break
      default: continue
      }
      let isTimer = entry.occupant == .vector("local_timer")
      guard entry.net >= (isTimer ? max(spike.floor, usual) : spike.floor) else {
        // The timer's interrupt is there in each wakeup, at its usual length.
        if !isTimer { small.append(entry) }
        continue
      }
      let evidence = Self.evidence(spike, of: entry.occupant, in: before)
      findings.append(
        Finding(
          .hardIRQ, name: entry.occupant.name,
          confidence: evidence.count >= 2 ? .proven : .likely,
          spans: spike.replay.spans(in: before) { $0.occupant == entry.occupant },
          evidence: evidence,
          nextStep: "\(entry.count) interrupt\(entry.count == 1 ? "" : "s") took "
            + "\(entry.net.microseconds) us. \(Self.advice(entry.occupant))"))
    }
    if findings.isEmpty { findings += marked(spike, in: before) }
    if let sum = spike.together(.hardIRQ, small, in: before, group: "interrupts") {
      findings.append(sum)
    }
    return RuleOutcome(findings: findings)
  }

  /// The interrupts by the marks of a wakeup tracer's lines, which has no events of interrupts:
  /// from the first line in one to its last.
  private func marked(_ spike: SpikeCase, in span: TimeSpan) -> [Finding] {
    guard spike.isTracedWakeup else { return [] }
    let events = spike.events(in: TimeSpan(span.start, span.end + Nanoseconds(1)))
    let waking = spike.times.wakingEvent
    return TracedInterrupt.all(in: events).compactMap { interrupt in
      let spans = Spans.intersection([interrupt.span], [span])
      guard Spans.length(spans) >= spike.floor else { return nil }
      let woke = waking.map {
        $0.position >= interrupt.first.position && $0.position <= interrupt.last.position
      }
      let length = Spans.length(spans).microseconds
      return Finding(
        .hardIRQ, name: interrupt.name, confidence: .likely, spans: spans,
        evidence: [
          Evidence(interrupt.first, note: "in an IRQ handler"),
          Evidence(interrupt.last, note: "last line in the IRQ handler"),
        ],
        nextStep: woke == false
          ? "This interrupt took \(length) us while \(spike.sample.task.text) was runnable. Move it "
            + "to another CPU, or shorten its handler."
          : "The interrupt that woke \(spike.sample.task.text) continued for \(length) us. Part of "
            + "this time is the cost of the lines and stacks that the tracer recorded.")
    }
  }

  /// The first two and the last event of an occupant in `span`, its end included.
  static func evidence(_ spike: SpikeCase, of occupant: Occupant, in span: TimeSpan) -> [Evidence] {
    let events = spike.events(in: TimeSpan(span.start, span.end + Nanoseconds(1))).filter {
      names($0, occupant)
    }
    var evidence = events.prefix(2).map { Evidence($0) }
    if span.start == spike.sample.expiry, spike.replay.slices.first?.occupant == occupant,
      let begin = entry(spike, of: occupant)
    {
      evidence.insert(Evidence(begin, note: "before the expiry"), at: 0)
    }
    if events.count > 2, let last = events.last { evidence.append(Evidence(last)) }
    return evidence
  }

  /// Where an occupant that was there at the expiry began.
  private static func entry(_ spike: SpikeCase, of occupant: Occupant) -> TraceEvent? {
    let before = TimeSpan(Nanoseconds(.min), spike.sample.expiry - Nanoseconds(1))
    let last = spike.timeline[cpu: spike.timerCPU]?.events(in: before).last {
      names($0, occupant)
    }
    switch last?.payload {
    case .irqEntry, .vectorEntry, .softirqEntry: return last
    default: return nil
    }
  }

  private static func names(_ event: TraceEvent, _ occupant: Occupant) -> Bool {
    switch (event.payload, occupant) {
    case (.irqEntry(let irq, _), .irq(let number, _)), (.irqExit(let irq, _), .irq(let number, _)):
      irq == number
    case (.vectorEntry(let name, _), .vector(let vector)),
      (.vectorExit(let name, _), .vector(let vector)):
      name == vector
    case (.softirqEntry(let a), .softirq(let b)), (.softirqExit(let a), .softirq(let b)): a == b
    case (.nmi(let handler, _), .nmi(let name)): handler.name == name
    default: false
    }
  }

  private static func advice(_ occupant: Occupant) -> String {
    if case .irq(let number, _) = occupant {
      return
        "Move the IRQ to another CPU (/proc/irq/\(number)/smp_affinity_list), or enable interrupt "
        + "coalescing in its driver. The boot option threadirqs makes it preemptible."
    }
    return "The excerpt lists the timers or calls that it handled."
  }
}
