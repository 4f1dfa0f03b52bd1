public import TraceModel

/// A gap that the hwlat tracer found: with interrupts disabled it read a clock again and again, and
/// for so long it could not.
///
/// Nothing of the kernel but an NMI can take this time: it is the firmware's, the hardware's or the
/// hypervisor's.
public struct HardwareGap: Hashable, Sendable, Codable {
  /// The CPU that looked.
  public var cpu: Int
  /// When the gap was over, on the clock of the events.
  public var end: Nanoseconds
  /// How long it was; the longest one where there were several.
  public var length: Nanoseconds
  /// Gaps in the same look; the time is the first one's.
  public var count: Int
  /// NMIs in the same look.
  public var nmis: Int

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(cpu: Int, end: Nanoseconds, length: Nanoseconds, count: Int = 1, nmis: Int = 0) {
    self.cpu = cpu
    self.end = end
    self.length = length
    self.count = count
    self.nmis = nmis
  }

  private enum CodingKeys: String, CodingKey {
    case cpu, count, nmis
    case end = "end_ns"
    case length = "length_ns"
  }

  /// From when to when.
  public var span: TimeSpan { TimeSpan(end - max(length, .zero), end) }

  /// The gap as evidence.
  var evidence: Evidence {
    var text = "gap of \(length.microseconds) us"
    if count > 1 { text += ", the longest of \(count) in one sample" }
    if nmis > 0 { text += ", with \(nmis) NMIs" }
    return Evidence(source: "hwlat", text: text, cpu: cpu)
  }
}

/// Another CPU that was paused together with the one of the spike.
struct SharedStop: Sendable {
  /// That CPU.
  var cpu: Int
  /// What shows it.
  var evidence: Evidence
  /// The same as a clause.
  var text: String
  /// Whether a timer of that CPU shows it, and not hwlat.
  var isOverdueTimer: Bool
}

/// A stretch of the window in which nothing that ran can have taken the time.
struct Frozen: Sendable {
  /// The stretch.
  var span: TimeSpan
  /// What shows it.
  var stop: SharedStop
  /// Whether the CPU was slow in it, and not silent.
  var isSlow = false
}

extension SpikeCase {
  /// The gaps that hwlat saw within a silence of a CPU, those of other CPUs first; where several
  /// were in one look, or an NMI, nothing can be said.
  func gaps(in span: TimeSpan) -> [HardwareGap] {
    (context.hardwareGaps ?? []).filter { gap in
      guard gap.count == 1, gap.nmis == 0, let common = gap.span.clipped(to: span) else {
        return false
      }
      return common.length * 2 >= span.length
    }.sorted { ($0.cpu == cpu ? 1 : 0, $1.length) < ($1.cpu == cpu ? 1 : 0, $0.length) }
  }

  /// A gap of another CPU that covers four fifths of a silence: then both were paused together.
  func sharedGap(over span: TimeSpan) -> HardwareGap? {
    gaps(in: span).first { gap in
      guard gap.cpu != cpu, gap.cpu != timerCPU, let common = gap.span.clipped(to: span)
      else { return false }
      return common.length * 5 >= span.length * 4
    }
  }

  /// Another CPU that was paused for four fifths of a silence: hwlat saw it, or a timer of that CPU
  /// was overdue.
  ///
  /// Code that disabled interrupts on one CPU stops another one only where that waits for its lock
  /// with interrupts disabled, and in stop_machine: neither counts.
  func sharedStop(over span: TimeSpan) -> SharedStop? {
    if let gap = sharedGap(over: span) {
      return SharedStop(
        cpu: gap.cpu, evidence: gap.evidence,
        text: "hwlat measured a pause of CPU \(gap.cpu) of \(gap.length.microseconds) us meanwhile",
        isOverdueTimer: false)
    }
    guard span.length >= OverdueTimer.least, StopMachine.stop(self) == nil else { return nil }
    let overdue = otherStops.first { other in
      guard other.isUnrelated(self), let common = other.span.clipped(to: span) else { return false }
      return common.length * 5 >= span.length * 4
    }
    guard let overdue else { return nil }
    let text =
      "CPU \(overdue.expired.cpu) recorded no event meanwhile either, and a timer of it expired "
      + "\(overdue.span.length.microseconds) us late"
    return SharedStop(
      cpu: overdue.expired.cpu, evidence: Evidence(overdue.expired, note: text), text: text,
      isOverdueTimer: true)
  }

  /// Silences of the window in which another CPU was paused too: nothing that ran on this CPU can
  /// have taken them.
  ///
  /// A guest's CPU that was slow in all that it did is the same for the whole window, unless a
  /// latency tracer saw a section there.
  func findFrozen() -> [Frozen] {
    if context.hypervisor != nil, sections.isEmpty, let slow = CodePath.slowThroughout(self),
      let first = slow.slow.first
    {
      let text =
        "\(slow.slow.count) of \(slow.count) steps of the timer interrupts in the window took more than "
        + "ten times as long as elsewhere in the trace, so the CPU was slow in everything"
      let stop = SharedStop(
        cpu: first.cpu, evidence: Evidence(first, note: text), text: text, isOverdueTimer: false)
      return [Frozen(span: sample.window, stop: stop, isSlow: true)]
    }
    guard context.hardwareGaps?.isEmpty == false || !otherStops.isEmpty else { return [] }
    return silences(in: sample.window, minimum: max(floor, Nanoseconds(microseconds: 20)))
      .compactMap { silence in sharedStop(over: silence).map { Frozen(span: silence, stop: $0) } }
  }

  /// Takes the time in which the machine was paused from all findings but those that say so.
  ///
  /// A handler, a section or a task into which such a time falls has begin and end in the trace,
  /// and was not at work.
  func withoutFrozen(_ outcomes: [RuleOutcome]) -> [RuleOutcome] {
    guard !frozen.isEmpty else { return outcomes }
    let spans = Spans.merged(frozen.map(\.span))
    return outcomes.map { outcome in
      var kept = outcome
      kept.findings = []
      for finding in outcome.findings {
        let left = Spans.subtracting(spans, from: Spans.merged(finding.spans))
        guard !Self.standsStill.contains(finding.culprit),
          Spans.length(left) < Spans.length(Spans.merged(finding.spans))
        else {
          kept.findings.append(finding)
          continue
        }
        if Spans.length(left) >= floor {
          var rest = finding
          rest.spans = left
          // Its evidence is of the whole.
          rest.confidence = min(rest.confidence, .likely)
          kept.findings.append(rest)
        } else if let stop = frozen.first?.stop {
          kept.refutations.append(Refutation(finding.culprit, because: stop.text))
        }
      }
      return kept
    }
  }

  /// What says that the machine was paused, and the tool itself.
  private static let standsStill: Set<CulpritClass> = [.hardwareStall, .hypervisor, .observer]
}
