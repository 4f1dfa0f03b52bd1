import TraceModel

/// Runnable real-time tasks lost the CPU to normal ones or to idle: what throttling and the
/// deadline server look like.
struct Throttling {
  /// Who was held back: the measured thread, or the real-time task that had to leave.
  var task: TaskIdentity
  /// The time that it explains.
  var spans: [TimeSpan]
  /// The switch that no priority explains.
  var evidence: Evidence
  /// Whether the stretch itself shows it, not only its end.
  var isDirect: Bool
  /// The deadline server's timer before the switch.
  var serverTimer: TraceEvent?

  init?(_ spike: SpikeCase) {
    let waiting = spike.waiting
    guard waiting.length >= spike.floor else { return nil }
    if spike.priority.isRealtime {
      self.init(heldBack: spike, waiting)
    } else {
      self.init(released: spike, waiting)
    }
    guard Spans.length(spans) >= spike.floor else { return nil }
  }

  /// The measured thread is real-time and was held back itself.
  private init?(heldBack spike: SpikeCase, _ waiting: TimeSpan) {
    let given = spike.events(in: waiting).first {
      guard $0.cpu == spike.cpu, case .switched(let change) = $0.payload else { return false }
      return change.next.isIdle || !change.nextPriority.isRealtime
    }
    guard let given else { return nil }
    task = spike.sample.task
    spans = spike.replay.spans(in: TimeSpan(given.time, waiting.end)) { slice in
      switch slice.occupant {
      case .task(let task, let priority):
        task.pid != spike.sample.task.pid && priority.map { !$0.isRealtime } ?? true
      case .idle: true
      default: false
      }
    }
    evidence = Evidence(given, note: "while the measured thread was runnable")
    isDirect = true
    serverTimer = ServerTurn.began(given, in: spike.timeline)
  }

  /// The measured thread is normal and got the CPU only because a real-time task was stopped.
  private init?(released spike: SpikeCase, _ waiting: TimeSpan) {
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
    else { return nil }
    let hog = change.previous
    task = hog
    spans = spike.replay.spans(in: waiting) { slice in
      if case .task(let task, let priority) = slice.occupant {
        task.pid == hog.pid && priority.map(\.isRealtime) ?? false
      } else {
        false
      }
    }
    let used = Spans.length(spans)
    let runtime = spike.context.rtRuntime ?? Nanoseconds(950_000_000)
    evidence = Evidence(
      leaving, note: "still runnable, ran for \(used.microseconds) us of the wait")
    isDirect = used.count >= runtime.count / 10 * 7
    serverTimer = ServerTurn.began(leaving, in: spike.timeline)
  }

  /// Whether it is the deadline server's doing: it took over from throttling, which is left only
  /// with CONFIG_RT_GROUP_SCHED.
  static func isServer(_ context: SystemContext) -> Bool {
    context.hasDeadlineServer == true && context.hasRTGroupScheduling != true
      && context.throttlingLogged != true
  }
}
