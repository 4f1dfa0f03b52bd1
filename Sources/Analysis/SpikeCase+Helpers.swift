import TraceModel

extension SpikeCase {
  /// Other events by name, of the path's CPUs in `span`.
  func others(in span: TimeSpan, named names: Set<String>) -> [TraceEvent] {
    events(in: span).filter {
      if case .other(let other) = $0.payload { names.contains(other.name) } else { false }
    }
  }

  /// The entry of the interrupt that woke the thread, where it says that a task's code with
  /// preemption disabled was interrupted: kernel code, whatever no stack reports of it.
  ///
  /// Depths are believed only where the same interrupt is seen to come at depth 0 too: kernels
  /// differ in what they their own count.
  var entryWithoutPreemption: TraceEvent? {
    guard let entry = times.interruptEvent, case .vectorEntry(let name, _) = entry.payload,
      entry.cpu == timerCPU, entry.pid != 0, entry.pid == times.wakingEvent?.pid,
      entry.context.preemptDepth > 0
    else { return nil }
    let isCalibrated = timeline.cpus.contains { track in
      track.events.contains {
        guard case .vectorEntry(name, _) = $0.payload else { return false }
        return $0.context.preemptDepth == 0
      }
    }
    return isCalibrated ? entry : nil
  }

  /// From the expiry to the timer's interrupt. If the timer expires in a softirq, the interrupt had
  /// come when the softirq was raised.
  var lateInterrupt: TimeSpan {
    let late = span(.timer)
    guard let raised = softTimer?.raised else { return late }
    return TimeSpan(late.start, max(late.start, min(late.end, raised.time)))
  }

  /// Whether the scheduler's own events say who ran all through the wait.
  var knowsWhoRan: Bool {
    let doubtful = Spans.merged(replay.doubtful)
    let tracks = Set(path.legs.map(\.cpu)).compactMap { timeline[cpu: $0] }
    return Spans.intersection(doubtful, [waiting]).isEmpty
      && tracks.allSatisfy { track in
        track.events.contains { if case .switched = $0.payload { true } else { false } }
      }
  }

  /// The stretches of a finding, with the parts in which the thread's own CPU was idle.
  func idleSpans(in span: TimeSpan) -> [TimeSpan] {
    replay.spans(in: span) { $0.occupant == .idle }
  }

  /// The stretches in which the measured thread itself ran.
  func ownSpans(in span: TimeSpan) -> [TimeSpan] {
    let tid = sample.task.pid
    return replay.spans(in: span) { slice in
      if case .task(let task, _) = slice.occupant { task.pid == tid } else { false }
    }
  }

  /// The findings of all rivals of one class: one for each that is worth it, and one for the others
  /// together where only their sum is.
  ///
  /// - Parameters:
  ///   - culprit: The class.
  ///   - group: What several of them are called (`tasks above rt 80`).
  ///   - nextStep: What to do about one.
  func findings(
    _ culprit: CulpritClass, group: String, nextStep: (Rival) -> String
  ) -> [Finding] {
    let all = rivals.filter { $0.culprit == culprit }
    var findings = all.filter { $0.net >= floor }.map { rival in
      Finding(
        culprit, name: rival.task.text, confidence: rival.confidence, spans: rival.spans,
        evidence: (rival.boost.map { [Evidence($0)] } ?? []) + rival.evidence,
        nextStep: nextStep(rival))
    }
    // Most time first, as all rivals are.
    let small = all.filter { $0.net < floor }
    let sum = small.reduce(Nanoseconds.zero) { $0 + $1.net }
    if let largest = small.first, small.count > 1, sum >= floor {
      let text =
        "\(small.count) \(group) took \(sum.microseconds) us in total, "
        + "\(largest.task.text) the most with \(largest.net.microseconds) us"
      findings.append(
        Finding(
          culprit, name: "\(largest.task.text) and \(small.count - 1) more",
          confidence: small.map(\.confidence).min() ?? .likely, spans: small.flatMap(\.spans),
          evidence: [Evidence(source: "sum", text: text)] + small.prefix(4).flatMap(\.evidence),
          nextStep: "\(text). None of them is long alone. " + nextStep(largest)))
    }
    return findings
  }

  /// One finding of interrupts (or softirqs) of which none is worth one by itself, but all of them
  /// are together.
  ///
  /// - Parameters:
  ///   - culprit: The class.
  ///   - entries: Those that are below the floor, most time first.
  ///   - span: Where they ran.
  ///   - group: What several of them are called.
  func together(
    _ culprit: CulpritClass, _ entries: [RanEntry], in span: TimeSpan, group: String
  ) -> Finding? {
    let sum = entries.reduce(Nanoseconds.zero) { $0 + $1.net }
    guard let largest = entries.first, entries.count > 1, sum >= floor else { return nil }
    let occupants = Set(entries.map(\.occupant))
    let evidence = entries.map { HardIRQ.evidence(self, of: $0.occupant, in: span) }
    let text =
      "\(entries.count) \(group) took \(sum.microseconds) us in total, "
      + "\(largest.occupant.name) the most with \(largest.net.microseconds) us"
    return Finding(
      culprit, name: "\(largest.occupant.name) and \(entries.count - 1) more",
      confidence: evidence.allSatisfy { $0.count >= 2 } ? .proven : .likely,
      spans: replay.spans(in: span) { occupants.contains($0.occupant) },
      evidence: [Evidence(source: "sum", text: text)] + evidence.prefix(3).flatMap { $0.prefix(2) },
      nextStep: "\(text). None of them is long alone. Move some of them to another CPU.")
  }

  /// How much longer than usual each stretch was whose usual length is known: all of them stretched
  /// alike is what a slow CPU looks like, one of them is not.
  ///
  /// nil where fewer than three stretches are known or where they do not agree within a factor of
  /// two.
  var evenStretch: (factor: Double, spans: [TimeSpan])? {
    var factors: [Double] = []
    var spans: [TimeSpan] = []
    for segment in segments {
      guard let typical = segment.typical, typical > Nanoseconds(500), segment.length > .zero
      else { continue }
      factors.append(Double(segment.length.count) / Double(typical.count))
      spans.append(TimeSpan(segment.span.start + typical, segment.span.end))
    }
    guard factors.count >= 3, let least = factors.min(), let most = factors.max(), least >= 1.5,
      most <= least * 2
    else { return nil }
    return (least, spans.filter { $0.length > .zero })
  }
}

extension SpikeCase {
  /// A finding for each interrupt or softirq in `span` that passes `test` and took at least `least`
  /// (nil: `floor`). It is proven if both its begin and its end are recorded.
  func interrupts(
    _ culprit: CulpritClass, in span: TimeSpan, least: Nanoseconds? = nil,
    where test: (Occupant) -> Bool, nextStep: (RanEntry) -> String
  ) -> RuleOutcome {
    let entries = replay.ran(in: span).filter { test($0.occupant) && $0.net >= least ?? floor }
    return RuleOutcome(
      findings: entries.map { entry in
        let evidence = HardIRQ.evidence(self, of: entry.occupant, in: span)
        return Finding(
          culprit, name: entry.occupant.name,
          confidence: evidence.count >= 2 ? .proven : .likely,
          spans: replay.spans(in: span) { $0.occupant == entry.occupant }, evidence: evidence,
          nextStep: nextStep(entry))
      })
  }
}
