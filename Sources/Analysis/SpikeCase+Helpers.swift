import TraceModel

extension SpikeCase {
  /// Other events by name, of the path's CPUs in `span`.
  func others(in span: TimeSpan, named names: Set<String>) -> [TraceEvent] {
    events(in: span).filter {
      if case .other(let other) = $0.payload { names.contains(other.name) } else { false }
    }
  }

  /// The stretches of a finding, with the parts in which the thread's own CPU was idle.
  func idleSpans(in span: TimeSpan) -> [TimeSpan] {
    replay.spans(in: span) { $0.occupant == .idle }
  }

  /// The stretches in which the measured thread itself had the CPU.
  func ownSpans(in span: TimeSpan) -> [TimeSpan] {
    let tid = sample.task.pid
    return replay.spans(in: span) { slice in
      if case .task(let task, _) = slice.occupant { task.pid == tid } else { false }
    }
  }

  /// The findings of all rivals of one class.
  func findings(
    _ culprit: CulpritClass, name: (Rival) -> String = { $0.task.text },
    nextStep: (Rival) -> String
  ) -> [Finding] {
    rivals.filter { $0.culprit == culprit && $0.net >= floor }.map { rival in
      Finding(
        culprit, name: name(rival), confidence: rival.confidence, spans: rival.spans,
        evidence: (rival.boost.map { [Evidence($0)] } ?? []) + rival.evidence,
        nextStep: nextStep(rival))
    }
  }

  /// How much longer than usual each stretch was whose usual length is known: all of them stretched alike is what a
  /// slow CPU looks like, one of them is not.
  ///
  /// nil where fewer than three stretches are known or where they do not agree within a factor of two.
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
