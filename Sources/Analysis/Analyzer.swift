public import TraceModel

/// Explains late wake-ups.
public struct Analyzer: Sendable {
  /// The machine and the run.
  public var context: SystemContext

  /// Makes an analyser.
  public init(context: SystemContext) {
    self.context = context
  }

  /// Explains one wake-up from a timeline that holds its window (and, for typical values, what came before).
  ///
  /// `sections` are what latency tracers measured; those that do not overlap the window are dropped.
  public func explain(
    _ sample: WakeupSample, in timeline: Timeline, sections: [LatencySection] = []
  ) -> SpikeAnalysis {
    let spike = SpikeCase(sample, timeline: timeline, context: context, sections: sections)
    let outcomes = spike.withoutFrozen(RuleSet.all.map { $0.examine(spike) })
    let ledger = Ledger(outcomes.flatMap(\.findings), window: sample.window)
    let health = health(of: spike)

    var findings = ledger.entries.map(\.finding)
    for index in findings.indices {
      findings[index].confidence = judged(
        findings[index], spike: spike, health: health, ledger: ledger)
    }
    for index in findings.indices {
      let net = NetTimes.check(spike, findings[index])
      findings[index].evidence += net.evidence + FunctionTimes.evidence(spike, findings[index])
      if !net.agrees { findings[index].confidence = min(findings[index].confidence, .likely) }
    }
    let rest = Finding(
      .unknown, name: "", confidence: .unexplained, spans: ledger.unexplained, evidence: [],
      nextStep: Unknown.nextStep(spike, health))
    // The usual cost of a wake-up is no cause of a spike.
    let excess = ledger.unexplainedTime - min(spike.baseline.total, ledger.unexplainedTime)
    let culprit: Finding
    if let first = findings.first, first.claimed >= excess {
      culprit = first
      findings.removeFirst()
      if rest.claimed > .zero { findings.append(rest) }
    } else {
      culprit = rest
    }
    let named = Set(([culprit] + findings).map(\.culprit))
    var seen: Set<CulpritClass> = []
    let refuted = outcomes.flatMap(\.refutations).filter {
      !named.contains($0.culprit) && seen.insert($0.culprit).inserted
    }
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
      culprit: culprit, contributors: findings, refuted: refuted,
      ran: spike.replay.ran(in: sample.window),
      excerpt: Excerpt.lines(of: spike, evidence: culprit.evidence + findings.flatMap(\.evidence)),
      stack: stack, foldedFrames: folded, trace: health, baselineWakeups: spike.baseline.wakeups)
  }

  /// The word that the evidence bears: lost events and thin coverage take from it.
  private func judged(
    _ finding: Finding, spike: SpikeCase, health: TraceHealth, ledger: Ledger
  ) -> Confidence {
    var word = finding.confidence
    if !health.isComplete { word = min(word, .possible) }
    // Where a wake-up took hardly longer than usual, no part of it is the culprit of anything.
    if spike.isOrdinary { word = min(word, .possible) }
    if word == .proven, spike.context.hypervisor != nil,
      spike.steal > .zero, spike.steal.count >= finding.claimed.count / 2,
      Self.mayHidePause.contains(finding.culprit)
    {
      // The host may have paused the CPU inside the section or handler.
      word = .likely
    }
    // Where a switch is missing from the trace nobody knows who ran.
    let claimed = Spans.merged(finding.spans)
    let guessed = Spans.length(Spans.intersection(claimed, Spans.merged(spike.replay.doubtful)))
    if guessed > .zero, guessed.count > finding.claimed.count / 5 { word = min(word, .possible) }
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

  /// Classes whose begin and end would look the same if the host had paused the CPU in between.
  private static let mayHidePause: Set<CulpritClass> = [
    .hardIRQ, .softirq, .nmi, .irqsOff, .preemptOff, .stackedTimers, .tickWork, .rcu,
    .tlbShootdown, .interruptedAfterSwitch, .isolationBroken, .remoteEnqueue,
  ]

  private func health(of spike: SpikeCase) -> TraceHealth {
    let lost = spike.gaps.reduce(UInt64(0)) { sum, gap in
      switch gap.cause {
      case .lostEvents(let count): sum &+ max(1, count ?? 1)
      case .damaged: sum &+ 1
      }
    }
    let window = spike.sample.window
    return TraceHealth(
      clock: spike.timeline.clock,
      eventsInWindow: spike.timeline.cpus.reduce(0) { $0 + $1.events(in: window).count },
      lostInWindow: lost, gaps: spike.gaps,
      coversWindow: spike.timeline[cpu: spike.cpu]?.oldest.map { $0 <= spike.sample.expiry }
        ?? false)
  }
}
