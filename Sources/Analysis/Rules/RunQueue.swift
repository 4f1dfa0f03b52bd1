import TraceModel

/// A normal task waited on the run queue while other normal tasks had the CPU.
///
/// Needs sched_switch; names the task that used most of the wait, the others are evidence.
struct RunQueue: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    guard !spike.priority.isRealtime else { return .nothing }
    let rivals = spike.rivals(in: [spike.waiting, spike.afterSwitch]).filter {
      $0.priority.map { !$0.isRealtime } ?? false
    }
    let total = rivals.reduce(Nanoseconds.zero) { $0 + $1.net }
    guard let first = rivals.first, total >= spike.floor else { return .nothing }
    let others = rivals.dropFirst().prefix(6).map { "\($0.task.text) \($0.net.microseconds) us" }
    return RuleOutcome(findings: [
      Finding(
        .runQueue, name: first.task.text,
        confidence: rivals.map(\.confidence).min() ?? .likely,
        spans: rivals.flatMap(\.spans), evidence: Array(rivals.prefix(4).flatMap(\.evidence)),
        nextStep: "\(first.task.text) used \(first.net.microseconds) us of the wait"
          + (others.isEmpty ? "" : ", then " + others.joined(separator: ", "))
          + ". A lower nice value, a real-time policy or another CPU for one of them shortens it.")
    ])
  }
}
