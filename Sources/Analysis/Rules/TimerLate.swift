import TraceModel

/// The timer was armed after its expiry: the previous cycle took too long, and its lateness was carried over.
///
/// Evidence: the thread's own hrtimer_start for this expiry was written after the expiry. What the thread did before,
/// as a rule its previous wake-up, which was late itself, is the cause to look for.
///
/// Refuted by: a timer that was armed in time.
///
/// Next step: explain the previous cycle (`--at` its expiry): this one only inherited from it.
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
    var step = "The thread was busy when its timer should have been armed: look at what it did."
    if let previous = spike.previous, previous.sampled - previous.expiry >= span.length {
      if let event = previous.switchedEvent {
        evidence.insert(
          Evidence(
            event,
            note: "the previous cycle got the CPU "
              + "\((event.time - previous.expiry).microseconds) us after its expiry"), at: 0)
      }
      name = "previous cycle"
      step =
        "The lateness is carried over: the cycle of expiry \(previous.expiry.count) was "
        + "\((previous.sampled - previous.expiry).microseconds) us late and is the one to explain."
    }
    return RuleOutcome(findings: [
      Finding(
        .timerLate, name: name, confidence: .proven, spans: [span], evidence: evidence,
        nextStep: step)
    ])
  }
}
