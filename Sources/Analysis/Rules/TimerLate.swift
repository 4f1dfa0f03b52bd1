import TraceModel

/// The timer was armed after its expiry, because the previous cycle took too long.
///
/// Evidence: hrtimer_start of the thread's timer for this expiry was recorded after the expiry. The
/// cause is what the thread did before, usually a previous wakeup that was late itself.
///
/// Ruled out by: a timer that was armed in time.
///
/// Next step: explain the previous cycle (`--at` with its expiry).
struct TimerLate: Rule {
  static let profile = RuleProfile(
    .timerLate, needs: [.armed], best: .proven, takes: "the event timer:hrtimer_start.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard let armed = spike.times.armedEvent else { return .nothing }
    let expiry = spike.sample.expiry
    guard armed.time > expiry else { return .nothing }
    let span = TimeSpan(expiry, min(armed.time, spike.sample.wake))
    guard span.length >= spike.floor else { return .nothing }
    var evidence = [
      Evidence(armed, note: "\((armed.time - expiry).microseconds) us after the expiry")
    ]
    var name = "armed late"
    var step = "The thread was still busy when its timer should have been armed. Check what it did."
    if let previous = spike.previous, previous.sampled - previous.expiry >= span.length {
      if let event = previous.switchedEvent {
        evidence.insert(
          Evidence(
            event,
            note: "the previous cycle ran "
              + "\((event.time - previous.expiry).microseconds) us after its expiry"), at: 0)
      }
      name = "previous cycle"
      step =
        "The cycle with expiry \(previous.expiry.count) was already "
        + "\((previous.sampled - previous.expiry).microseconds) us late. Explain that one."
    }
    return RuleOutcome(findings: [
      Finding(
        .timerLate, name: name, confidence: .proven, spans: [span], evidence: evidence,
        nextStep: step)
    ])
  }
}
