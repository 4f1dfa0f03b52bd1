import TraceModel

/// Shared hardware was busy: the other thread of the core, memory bandwidth, a graphics unit.
///
/// Evidence: all stretches of the wake-up whose usual length is known are longer by about the same factor, and the
/// other CPU of the core was busy all the time. A trace cannot show more, so it is never more than possible.
///
/// Refuted by: an idle sibling, a lower frequency, stretches that are not longer alike.
///
/// Next step: nosmt or an idle sibling, cache allocation (resctrl), no graphics load.
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
              source: "trace", text: "\(busiest.occupant.name) kept the core's other CPU busy",
              cpu: sibling)
          ],
          nextStep: "Repeat it with CPU \(sibling) idle (or nosmt); if it goes away, the core or "
            + "its caches are shared too much.")
      ])
    }
    return .nothing
  }
}
