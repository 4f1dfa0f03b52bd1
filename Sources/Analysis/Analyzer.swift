public import TraceModel

/// Explains late wakeups.
public struct Analyzer: Sendable {
  /// The machine and the run.
  public var context: SystemContext

  /// Memberwise.
  public init(context: SystemContext) {
    self.context = context
  }

  /// Explains one wakeup from a timeline that holds its window (and, for typical values, what came
  /// before).
  ///
  /// - Parameters:
  ///   - sample: What was late; its window is explained.
  ///   - timeline: The events around the window.
  ///   - sections: What latency tracers measured; those that do not overlap the window are dropped.
  ///   - subject: What the window is.
  ///   - origin: Where the sample comes from.
  public func explain(
    _ sample: WakeupSample, in timeline: Timeline, sections: [LatencySection] = [],
    subject: SpikeSubject = .wakeup, origin: SampleOrigin = SampleOrigin()
  ) -> SpikeAnalysis {
    let spike = SpikeCase(
      sample, timeline: timeline, context: context, sections: sections, subject: subject)
    // Within a step of the trace clock no event has a separate place.
    let rules = spike.isWithinTick ? [Clock()] : RuleSet.all
    let outcomes = spike.withoutFrozen(rules.map { $0.outcome(spike) })
    let ledger = Ledger(outcomes.flatMap(\.findings), window: sample.window)
    let health = health(of: spike)

    var findings = ledger.entries.map(\.finding)
    for index in findings.indices {
      findings[index].confidence = judged(
        findings[index], spike: spike, health: health, ledger: ledger)
    }
    let hasNoises = NetTimes.arePresent(spike)
    for index in findings.indices {
      let net = hasNoises ? NetTimes.check(spike, findings[index]) : (evidence: [], agrees: true)
      findings[index].evidence += net.evidence + FunctionTimes.evidence(spike, findings[index])
      if !net.agrees { findings[index].confidence = min(findings[index].confidence, .likely) }
    }
    var rest = Finding(
      .unknown, name: "", confidence: .unexplained, spans: ledger.unexplained, evidence: [],
      nextStep: Unknown.nextStep(
        spike, health, ruledOut: Set(outcomes.flatMap(\.refutations).map(\.culprit))))
    // The usual cost of a wakeup is not a cause of a spike.
    let excess = ledger.unexplainedTime - min(spike.baseline.total, ledger.unexplainedTime)
    let culprit: Finding
    if let first = findings.first, first.claimed >= excess {
      culprit = first
      findings.removeFirst()
      if rest.claimed > .zero { findings.append(rest) }
    } else {
      rest.evidence = Unknown.evidence(spike, ledger.unexplained)
      culprit = rest
    }
    var all = [culprit] + findings
    let together = LateTogether(spike)
    if let evidence = together.evidence(sample.cpu) {
      for index in all.indices where LateTogether.everywhere.contains(all[index].culprit) {
        all[index].evidence.append(evidence)
      }
      if all[0].culprit == .unknown {
        all[0].nextStep +=
          " Several CPUs were late at the same time: check for a cause that delays all of them, such "
          + "as firmware (SMI), a pause by the host, stop_machine or a lock."
      }
    }
    let open = leaveOpen(&all, spike: spike, outcomes: outcomes)
    var seen = Set(all.map(\.culprit) + open.map(\.culprit))
    let refuted = outcomes.flatMap(\.refutations).filter { seen.insert($0.culprit).inserted }
    origin.note(in: &all)
    var stack: [CodeLocation] = []
    var folded = 0
    if let code = spike.interrupted {
      stack = code.frames
      folded = code.interruptFrames
    } else if case .stack(let frames) = spike.times.stackEvent?.payload {
      stack = frames
    }
    return SpikeAnalysis(
      sample: sample, cpu: spike.cpu, times: spike.times, segments: spike.segments,
      culprit: all[0], contributors: Array(all.dropFirst()), refuted: refuted, open: open,
      // Who ran while a task slept says nothing of its sleep.
      ran: culprit.culprit == .blocked ? [] : spike.replay.ran(in: spike.visible),
      excerpt: origin.marked(Excerpt.lines(of: spike, evidence: all.flatMap(\.evidence))),
      stack: stack, foldedFrames: folded, trace: health, baselineWakeups: spike.baseline.wakeups,
      subject: subject, lateTogether: together.peers)
  }

  /// The word that the evidence bears: lost events and thin coverage take from it.
  private func judged(
    _ finding: Finding, spike: SpikeCase, health: TraceHealth, ledger: Ledger
  ) -> Confidence {
    var word = finding.confidence
    if !health.isComplete { word = min(word, .possible) }
    // Where a wakeup took hardly longer than usual, no part of it is the culprit of anything.
    if spike.isOrdinary { word = min(word, .possible) }
    if word == .proven, let silence = Silence(finding, in: spike),
      !silence.isNoPause(spike.context)
    {
      word = .likely
    }
    // On a host that is known to take CPUs away, a long stretch without events is as well a pause.
    if word == .likely, spike.hostPauses, Self.isOfCode.contains(finding.culprit),
      let silence = Silence(finding, in: spike),
      silence.total >= Silence.ordinaryPause
    {
      word = .possible
    }
    // Steal time that grew by as much is a pause somewhere in there, whatever was written
    // meanwhile.
    if word == .proven, spike.context.hypervisor != nil, spike.steal > .zero,
      spike.steal.count >= finding.claimed.count / 2, !Self.standApart.contains(finding.culprit)
    {
      word = .likely
    }
    // A clock that counts in ticks of the scheduler measures no stretch better than a tick.
    if spike.clockTick != nil { word = min(word, .possible) }
    // The tracer's own lines and stacks cost time with preemption disabled.
    if finding.culprit == .preemptOff, spike.sample.source == .tracer,
      spike.sections.contains(where: \.isWakeup)
    {
      word = min(word, .possible)
    }
    // Where a switch is missing from the trace nobody knows who ran.
    let claimed = Spans.merged(finding.spans)
    let guessed = Spans.length(Spans.intersection(claimed, Spans.merged(spike.replay.doubtful)))
    if case .wakeup = spike.subject, guessed > .zero, guessed.count > finding.claimed.count / 5 {
      word = min(word, .possible)
    }
    guard word == .proven else { return word }
    // Proven needs at least 80 % of the segments that it claims a part of to be accounted for.
    let touched = spike.segments.filter { segment in
      finding.spans.contains { $0.clipped(to: segment.span) != nil }
    }
    let length = touched.reduce(Nanoseconds.zero) { $0 + $1.length }
    let open = touched.reduce(Nanoseconds.zero) { sum, segment in
      sum
        + ledger.unexplained.reduce(.zero) { $0 + ($1.clipped(to: segment.span)?.length ?? .zero) }
    }
    return open.count <= length.count / 5 ? .proven : .likely
  }

  /// Classes that blame a stretch of code, which a pause within it lengthens.
  private static let isOfCode: Set<CulpritClass> = [
    .irqsOff, .preemptOff, .nonPreemptibleKernel, .hardIRQ, .softirq, .timerSoftirq, .nmi, .rcu,
    .tlbShootdown, .printkConsole, .memoryReclaim, .otherTracing, .stackedTimers, .tickWork,
    .schedulerOverhead,
  ]

  /// Classes that are about a pause, or about no time on a CPU.
  private static let standApart: Set<CulpritClass> = [.hypervisor, .hardwareStall, .observer]

  /// The causes that stay open beside the findings: what rules could not decide, and for a silent
  /// culprit a pause of the machine, with what would decide it in the next step.
  private func leaveOpen(
    _ findings: inout [Finding], spike: SpikeCase, outcomes: [RuleOutcome]
  ) -> [OpenRival] {
    var open: [OpenRival] = []
    let silence = Silence(findings[0], in: spike)
    if let silence, !silence.isNoPause(spike.context) {
      open += silence.rivals(spike)
      findings[0].nextStep = [findings[0].nextStep, silence.nextStep(spike.context)]
        .filter { !$0.isEmpty }.joined(separator: " ")
    }
    open += outcomes.flatMap(\.open)
    // A rival of the culprit may have a part of the time for certain.
    var seen: Set<CulpritClass> = [findings[0].culprit]
    return open.filter { seen.insert($0.culprit).inserted }
  }

  private func health(of spike: SpikeCase) -> TraceHealth {
    let lost = spike.gaps.reduce(UInt64(0)) { sum, gap in
      switch gap.cause {
      case .lostEvents(let count): sum &+ max(1, count ?? 1)
      case .damaged: sum &+ 1
      }
    }
    let window = spike.sample.window
    var health = TraceHealth(
      clock: spike.timeline.clock,
      eventsInWindow: spike.timeline.cpus.reduce(0) { $0 + $1.events(in: window).count },
      lostInWindow: lost, gaps: spike.gaps,
      coversWindow: spike.isNoise || spike.coversWindow)
    if !health.coversWindow, let since = spike.context.tracingSince, since > spike.sample.expiry {
      health.switchedOn = since
    }
    health.unseen = unseen(spike)
    return health
  }

  /// Kinds of events that a CPU of the wakeup wrote none of although it was there: kernels exist
  /// that hide the switches to and from idle.
  private func unseen(_ spike: SpikeCase) -> [String] {
    // Fewer events say nothing.
    let least = 50
    var found: [String] = []
    for cpu in Set(spike.path.legs.map(\.cpu)).sorted() {
      guard let track = spike.timeline[cpu: cpu], track.events.count >= least else { continue }
      var (switches, idle, wakeups, stacks, ranIdle) = (0, 0, 0, 0, false)
      for event in track.events {
        ranIdle = ranIdle || event.pid == 0
        switch event.payload {
        case .switched(let change):
          switches += 1
          if change.previous.isIdle || change.next.isIdle { idle += 1 }
        case .waking(let wake) where wake.task.pid == spike.sample.task.pid: wakeups += 1
        case .stack: stacks += 1
        default: break
        }
      }
      if spike.recorded("sched:sched_switch") {
        if switches == 0 {
          found.append("any switch on CPU \(cpu)")
        } else if idle == 0, ranIdle {
          found.append("any switch to or from idle on CPU \(cpu)")
        }
      }
      if wakeups > 0, stacks == 0 { found.append("any stack of a wakeup on CPU \(cpu)") }
    }
    return found
  }
}
