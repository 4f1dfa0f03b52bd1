import TraceModel

/// The CPU ran slowly because of a frequency ramp, a power limit or heat.
///
/// Evidence: power:cpu_frequency shows less than 80 % of the nominal frequency, and all segments
/// with a known typical length are longer by about the same factor. Without the event, thermal
/// throttle counts that grew make it possible.
///
/// Ruled out by: segments that are not longer by the same factor, because one of them then has
/// another cause.
///
/// Next step: set the governor to performance, and check cooling and power limits.
struct CPUFrequency: Rule {
  static let profile = RuleProfile(
    .cpuFrequency, needs: [.events(["power:cpu_frequency"])], proof: [.fact(.frequency)],
    best: .likely,
    takes: "a cpufreq driver and the event power:cpu_frequency; guests have neither.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let changes = spike.timeline.cpus.flatMap { track in
      track.events.filter {
        if case .cpuFrequency(_, let cpu) = $0.payload {
          cpu == spike.cpu && $0.time <= spike.sample.wake
        } else {
          false
        }
      }
    }.sorted { $0.time < $1.time }
    var highest = spike.context.nominalKilohertz ?? 0
    if highest == 0 {
      for change in changes {
        if case .cpuFrequency(let kilohertz, _) = change.payload {
          highest = max(highest, kilohertz)
        }
      }
    }
    var slow: TraceEvent?
    if let last = changes.last, case .cpuFrequency(let kilohertz, _) = last.payload,
      UInt64(kilohertz) * 5 < UInt64(highest) * 4
    {
      slow = last
    }
    let throttled = spike.context.thermalThrottles ?? 0
    guard slow != nil || throttled > 0 else { return .nothing }
    guard let stretch = spike.evenStretch else {
      return spike.baseline.wakeups > 0
        ? .refuted(.cpuFrequency, because: "the segments are not longer by a common factor")
        : .nothing
    }
    var evidence = slow.map { [Evidence($0, note: "nominal \(highest) kHz")] } ?? []
    if throttled > 0 {
      evidence.append(Evidence(source: "thermal_throttle", text: "grew by \(throttled)"))
    }
    return RuleOutcome(findings: [
      Finding(
        .cpuFrequency, name: "", confidence: slow != nil ? .likely : .possible,
        spans: stretch.spans, evidence: evidence,
        nextStep:
          "All segments were longer by the same factor. Set the governor to performance and "
          + "check cooling and power limits.")
    ])
  }
}
