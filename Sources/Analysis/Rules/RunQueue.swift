import TraceModel

/// A normal task waited on the run queue while other normal tasks ran.
///
/// Evidence: sched_switch. The task that ran for most of the wait provides the name, and the others
/// are listed. A wait of ksoftirqd/N counts as well if the thread's timer expires in its softirq.
/// The thread_noise event of osnoise has its own begin and end.
///
/// Ruled out by: a real-time policy of the measured thread, or throttled bandwidth of its cgroup.
///
/// Next step: use a nice value, a real-time policy or another CPU for one of them.
struct RunQueue: Rule {
  static let profile = RuleProfile(
    .runQueue, needs: [.switches, .waking], best: .proven,
    takes: "the events sched:sched_switch and sched_waking.")

  func examine(_ noise: NoiseSample, of spike: SpikeCase) -> RuleOutcome {
    if let threads = noise.threads(in: spike) { return threads }
    guard case .thread(let task) = noise.kind else { return noise.summary(.runQueue, in: spike) }
    return noise.finding(
      .runQueue, task.text, .proven, in: spike,
      nextStep:
        "\(task.text) ran instead of the osnoise thread. Move it to another CPU, or isolate "
        + "this one.")
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let rivals = spike.rivals.filter { $0.culprit == .runQueue }
    let total = rivals.reduce(Nanoseconds.zero) { $0 + $1.net }
    guard let first = rivals.first, total >= spike.floor else { return .nothing }
    let others = rivals.dropFirst().prefix(6).map { "\($0.task.text) \($0.net.microseconds) us" }
    let evidence = Array(rivals.prefix(4).flatMap(\.evidence))
    return RuleOutcome(findings: [
      Finding(
        .runQueue, name: first.task.text,
        confidence: rivals.map(\.confidence).min() ?? .likely,
        spans: rivals.flatMap(\.spans),
        evidence: rivals.contains { $0.served != nil } ? Evidence.once(evidence) : evidence,
        nextStep: "\(first.task.text) ran for \(first.net.microseconds) us of the wait"
          + (others.isEmpty ? "" : ", then " + others.joined(separator: ", "))
          + ". A lower nice value, a real-time policy or another CPU for one of them shortens the wait."
          + (first.served.map { " " + $0.advice(first) } ?? ""))
    ])
  }
}
