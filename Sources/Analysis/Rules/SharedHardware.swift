import TraceModel

/// Shared hardware was busy: the other thread of the core, the memory bandwidth or a graphics unit.
///
/// Evidence: all segments with a known typical length are longer by about the same factor, and the
/// other CPU of the core was busy all the time. A trace cannot show more, so it is at most
/// possible.
///
/// Ruled out by: an idle sibling, a lower frequency, or segments that are not longer by the same
/// factor.
///
/// Next step: use nosmt or an idle sibling, cache allocation (resctrl), or no graphics load.
struct SharedHardware: Rule {
  static let profile = RuleProfile(
    .sharedHardware, needs: [.switches, .fact(.siblings)], best: .possible,
    takes: "hardware counters (perf stat, resctrl); ftrace cannot see it.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard let siblings = spike.context.siblings?[spike.cpu], !siblings.isEmpty,
      let stretch = spike.evenStretch
    else { return .nothing }
    let window = spike.sample.window
    for sibling in siblings.cpus where sibling != spike.cpu {
      guard let track = spike.timeline[cpu: sibling], !track.events.isEmpty else { continue }
      let ran = CPUReplay(track, window: window).ran(in: window)
      let idle = ran.first { $0.occupant == .idle }?.net ?? .zero
      guard idle.count <= window.length.count / 5, let busiest = ran.first else { continue }
      return RuleOutcome(findings: [
        Finding(
          .sharedHardware, name: "CPU \(sibling)", confidence: .possible, spans: stretch.spans,
          evidence: [
            Evidence(
              source: "trace", text: "\(busiest.occupant.name) kept the other CPU of the core busy",
              cpu: sibling)
          ],
          nextStep:
            "Measure again with CPU \(sibling) idle, or with nosmt. If the latency goes away, "
            + "sharing the core or its caches is the cause.")
      ])
    }
    return .nothing
  }
}
