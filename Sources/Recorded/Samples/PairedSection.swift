internal import Analysis
internal import TraceFile
internal import TraceModel

/// The longest section between irq_disable and irq_enable, or preempt_disable and preempt_enable,
/// of a trace in which nobody was woken.
struct PairedSection {
  var derived: DerivedSample
  var source: TraceSource
  /// How long the section was.
  var length: Nanoseconds { derived.sample.latency }

  init?(_ source: TraceSource, threshold: Nanoseconds?) {
    guard let found = Self.longest(source),
      found.section.span.length > threshold ?? Nanoseconds(-1)
    else { return nil }
    self.source = source
    let section = found.section
    let task = section.task ?? TaskIdentity(pid: -1, comm: "")
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

  private static func longest(_ source: TraceSource) -> (section: LatencySection, count: Int)? {
    switch source.body {
    case .text(let text):
      return text.header.hasRawStamps ? nil : LatencySection.longest(in: text.timeline)
    case .pages(let pages):
      guard let sections = PagedSections(pages), let longest = sections.longest else { return nil }
      let span = TimeSpan(
        pages.clock.time(longest.span.start), pages.clock.time(longest.span.end))
      // The events around it name its functions and its task; it is the longest one among them too.
      var part = source.timeline(around: span)
      part.cpus.removeAll { $0.cpu != longest.cpu }
      guard let found = LatencySection.longest(in: part), found.section.span == span else {
        return nil
      }
      return (found.section, sections.count)
    }
  }
}
