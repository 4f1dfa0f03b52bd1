import TraceModel

/// What ran nested in a latency tracer's section, and is a separate cause: hard interrupts, and
/// softirqs where they are what kept the CPU.
struct SectionPart {
  /// The class.
  var culprit: CulpritClass
  /// The handler or vector, empty where no line names it.
  var name: String
  /// When it ran, in the section.
  var spans: [TimeSpan]
  /// What speaks for it.
  var evidence: [Evidence]
  /// What to do next.
  var nextStep: String

  /// How long it ran.
  var length: Nanoseconds { Spans.length(spans) }

  /// The parts of a section that are worth a finding each.
  ///
  /// - Parameters:
  ///   - events: The section's lines.
  ///   - span: The section.
  ///   - begin: The functions of its begin.
  ///   - least: The shortest part that is worth one.
  static func all(
    in events: [TraceEvent], of span: TimeSpan, begin: [String], least: Nanoseconds
  ) -> [SectionPart] {
    let interrupts = TracedInterrupt.all(in: events)
    let hard = Spans.merged(interrupts.map(\.span))
    var parts = interrupts.map { interrupt in
      SectionPart(
        culprit: .hardIRQ, name: interrupt.name,
        spans: Spans.intersection(Spans.merged([interrupt.span]), [span]),
        evidence: [
          Evidence(interrupt.first, note: "in an IRQ handler"),
          Evidence(interrupt.last, note: "last line in the IRQ handler"),
        ],
        nextStep: "Move this IRQ to another CPU, or shorten its handler.")
    }
    for softirq in softirqs(events, begin) {
      let spans = Spans.intersection(
        Spans.subtracting(hard, from: Spans.merged(softirq.spans)), [span])
      parts.append(
        SectionPart(
          culprit: softirq.vector == SoftirqVector.rcu.name ? .rcu : .softirq,
          name: softirq.vector, spans: spans,
          evidence: (softirq.origin.map { [$0] } ?? []) + [
            Evidence(softirq.first, note: "in a softirq"),
            Evidence(softirq.last, note: "last line in the softirq"),
          ],
          nextStep: softirq.interrupt.isEmpty
            ? "The event softirq_raise shows what raised it."
            : "The IRQ \(softirq.interrupt) raised it. Move that IRQ to another CPU, or let its "
              + "driver do less at once."))
    }
    return merged(parts).filter { $0.length >= least }
  }

  /// The softirqs that kept the CPU: those that began in the section, and where the section is that
  /// of whoever runs them, all. Code in a softirq that disables interrupts or preemption itself is
  /// not one.
  private static func softirqs(_ events: [TraceEvent], _ begin: [String]) -> [TracedSoftirq] {
    let found = TracedSoftirq.all(in: events)
    let isRunners = begin.contains {
      KernelFunctions.runsSoftirqs($0) || KernelFunctions.isInterruptPath($0)
        || KernelFunctions.isInterruptExit($0)
    }
    let firstPlain = events.firstIndex { !$0.context.inSoftIRQ }
    guard !isRunners, let firstPlain else { return isRunners ? found : [] }
    let time = events[firstPlain].time
    return found.filter { $0.first.time >= time }
  }

  /// One part for each class and name.
  private static func merged(_ parts: [SectionPart]) -> [SectionPart] {
    var result: [SectionPart] = []
    for part in parts where !part.spans.isEmpty {
      if let index = result.firstIndex(where: {
        $0.culprit == part.culprit && $0.name == part.name
      }) {
        result[index].spans += part.spans
        if result[index].evidence.count < 4 { result[index].evidence += part.evidence.prefix(2) }
      } else if result.count < 64 {
        result.append(part)
      }
    }
    for index in result.indices { result[index].spans = Spans.merged(result[index].spans) }
    return result
  }

  /// The finding of a part.
  var finding: Finding {
    Finding(
      culprit, name: name, confidence: .likely, spans: spans, evidence: evidence,
      nextStep: nextStep)
  }
}
