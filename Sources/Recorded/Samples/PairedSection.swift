internal import Analysis
internal import TraceFile
internal import TraceModel

/// The longest section between irq_disable and irq_enable, or preempt_disable and preempt_enable, of a trace in which
/// nobody was woken.
struct PairedSection {
  var derived: DerivedSample
  var source: TraceSource
  /// How long the section was.
  var length: Nanoseconds { derived.sample.latency }

  init?(_ source: TraceSource, threshold: Nanoseconds?) {
    guard case .text(let text) = source.body, !text.header.hasRawStamps,
      let found = LatencySection.longest(in: text.timeline),
      found.section.span.length > threshold ?? Nanoseconds(-1)
    else { return nil }
    self.source = source
    let section = found.section
    let task = section.task ?? text.timeline.task(-1)
    let sample = WakeupSample(
      cpu: section.cpu, task: task, policy: nil, priority: 0, sequence: 0,
      expiry: section.span.start, wake: section.span.end, threshold: threshold, source: .tracer)
    let pair =
      section.tracer == "irq_disable"
      ? "irq_disable and irq_enable" : "preempt_disable and preempt_enable"
    derived = DerivedSample(
      sample: sample, timeline: source.timeline(around: section.span),
      derivation: "the longest of \(found.count) sections between \(pair)")
    derived.subject = .section(section)
    derived.measured = section
  }
}
