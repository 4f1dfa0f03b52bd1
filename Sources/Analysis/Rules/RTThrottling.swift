import TraceModel

/// Real-time throttling: runnable real-time tasks lost the CPU to normal ones.
///
/// Needs sched_switch. Seen from a real-time thread: the CPU went to a normal task or to idle while the
/// thread was on its run queue. Seen from a normal thread: a real-time task that still wanted to run had
/// to leave, which only throttling (or the deadline server of 6.12 and later) makes it do. Refuted
/// where sched_rt_runtime_us is -1.
struct RTThrottling: Rule {
  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let waiting = spike.waiting
    guard waiting.length >= spike.floor else { return .nothing }
    if let runtime = spike.context.rtRuntime, runtime < .zero {
      return .refuted(.rtThrottling, because: "sched_rt_runtime_us is -1: no throttling")
    }
    return spike.priority.isRealtime ? throttled(spike, waiting) : released(spike, waiting)
  }

  /// The measured thread is real-time and was held back itself.
  private func throttled(_ spike: SpikeCase, _ waiting: TimeSpan) -> RuleOutcome {
    let given = spike.events(in: waiting).first {
      if case .switched(let change) = $0.payload {
        change.next.isIdle || !change.nextPriority.isRealtime
      } else {
        false
      }
    }
    guard let given else {
      return .refuted(
        .rtThrottling, because: "the CPU went to no normal task while the thread was ready")
    }
    let spans = spike.replay.spans(in: TimeSpan(given.time, waiting.end)) { slice in
      switch slice.occupant {
      case .task(let task, let priority):
        task.pid != spike.sample.task.pid && priority.map { !$0.isRealtime } ?? true
      case .idle: true
      default: false
      }
    }
    return finding(
      spike, name: spike.sample.task.text, spans: spans,
      evidence: [Evidence(given, note: "while the measured thread was runnable")],
      direct: true)
  }

  /// The measured thread is normal and got the CPU only because a real-time task was stopped.
  private func released(_ spike: SpikeCase, _ waiting: TimeSpan) -> RuleOutcome {
    let end = TimeSpan(waiting.start, waiting.end + Nanoseconds(1))
    guard
      let leaving = spike.events(in: end).last(where: {
        if case .switched(let change) = $0.payload {
          change.previousPriority.isRealtime && change.previousPriority.value >= 0
            && change.previousState.isRunnable && !change.nextPriority.isRealtime
        } else {
          false
        }
      }), case .switched(let change) = leaving.payload
    else { return .nothing }
    let hog = change.previous
    let spans = spike.replay.spans(in: waiting) { slice in
      if case .task(let task, let priority) = slice.occupant {
        task.pid == hog.pid && priority.map(\.isRealtime) ?? false
      } else {
        false
      }
    }
    let used = spans.reduce(Nanoseconds.zero) { $0 + $1.length }
    let runtime = spike.context.rtRuntime ?? Nanoseconds(950_000_000)
    return finding(
      spike, name: hog.text, spans: spans,
      evidence: [
        Evidence(leaving, note: "still runnable, ran \(used.microseconds) us of the wait")
      ], direct: used.count >= runtime.count / 10 * 7)
  }

  private func finding(
    _ spike: SpikeCase, name: String, spans: [TimeSpan], evidence: [Evidence], direct: Bool
  ) -> RuleOutcome {
    guard spans.reduce(.zero, { $0 + $1.length }) >= spike.floor else { return .nothing }
    var evidence = evidence
    if let runtime = spike.context.rtRuntime, let period = spike.context.rtPeriod {
      evidence.append(
        Evidence(
          source: "sched_rt_runtime_us",
          text: "\(runtime.microseconds) us of every \(period.microseconds) us"))
    }
    if spike.context.throttlingLogged == true {
      evidence.append(Evidence(source: "kernel log", text: "sched: RT throttling activated"))
    }
    return RuleOutcome(findings: [
      Finding(
        .rtThrottling, name: name, confidence: direct ? .proven : .likely, spans: spans,
        evidence: evidence,
        nextStep: "Real-time tasks used up sched_rt_runtime_us. Shorten the loop, or raise the "
          + "limit; -1 removes it and with it the last way into a hung machine.")
    ])
  }
}
