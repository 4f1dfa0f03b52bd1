import TraceModel

/// Runnable real-time tasks lost the CPU to normal ones or to idle: what throttling and the
/// deadline server look like.
struct Throttling {
  /// Who was held back: the measured thread, or the real-time task that had to leave.
  var task: TaskIdentity
  /// The time that it explains.
  var spans: [TimeSpan]
  /// The switch that no priority explains, with the timer that waited for it.
  var evidence: [Evidence]
  /// Whether the stretch itself shows it, not only its end.
  var isDirect: Bool
  /// The deadline server's timer before the switch.
  var serverTimer: TraceEvent?

  /// The timer that was not served meanwhile, where it was the timer's thread that was held back or
  /// released.
  var served: SoftTimer?

  init?(_ spike: SpikeCase) {
    let waiting = spike.waiting
    if spike.priority.isRealtime {
      guard waiting.length >= spike.floor else { return nil }
      self.init(heldBack: spike.sample.task, spike, [waiting])
    } else if let timer = spike.softTimer, let thread = timer.thread, let priority = timer.priority,
      Spans.length(timer.waits) >= spike.floor
    {
      // The thread that serves the timer comes first: either it was throttled, or let in by
      // throttling.
      if priority.isRealtime {
        self.init(heldBack: thread, spike, timer.waits)
      } else {
        self.init(released: spike, timer.waits + [waiting])
      }
      served = timer
      evidence = SoftTimer.chain(timer.evidence, around: evidence)
    } else {
      guard waiting.length >= spike.floor else { return nil }
      self.init(released: spike, [waiting])
    }
    guard Spans.length(spans) >= spike.floor else { return nil }
  }

  /// Whether there was a wait in which it could show.
  static func isPossible(_ spike: SpikeCase) -> Bool {
    spike.waiting.length >= spike.floor
      || Spans.length(spike.softTimer?.waits ?? []) >= spike.floor
  }

  /// A real-time thread was runnable in `waits` and held back itself.
  private init?(heldBack thread: TaskIdentity, _ spike: SpikeCase, _ waits: [TimeSpan]) {
    let given = waits.lazy.flatMap { wait in spike.events(in: wait) }.first {
      guard $0.cpu == spike.cpu, case .switched(let change) = $0.payload else { return false }
      return change.next.isIdle || !change.nextPriority.isRealtime
    }
    guard let given else { return nil }
    task = thread
    spans = waits.flatMap { wait in
      guard wait.end > given.time else { return [TimeSpan]() }
      return spike.replay.spans(in: TimeSpan(max(wait.start, given.time), wait.end)) { slice in
        switch slice.occupant {
        case .task(let task, let priority):
          task.pid != thread.pid && priority.map { !$0.isRealtime } ?? true
        case .idle: true
        default: false
        }
      }
    }
    let isMeasured = thread.pid == spike.sample.task.pid
    evidence = [
      Evidence(
        given, note: "while \(isMeasured ? "the measured thread" : thread.text) was runnable")
    ]
    isDirect = true
    serverTimer = ServerTurn.began(given, in: spike.timeline)
  }

  /// The waiting thread is normal and got the CPU only because a real-time task was stopped.
  private init?(released spike: SpikeCase, _ waits: [TimeSpan]) {
    let leaving = waits.reversed().lazy.compactMap { wait in
      spike.events(in: TimeSpan(wait.start, wait.end + Nanoseconds(1))).last {
        if case .switched(let change) = $0.payload {
          change.previousPriority.isRealtime && change.previousPriority.value >= 0
            && change.previousState.isRunnable && !change.nextPriority.isRealtime
        } else {
          false
        }
      }
    }.first
    guard let leaving, case .switched(let change) = leaving.payload else { return nil }
    let hog = change.previous
    task = hog
    spans = waits.flatMap { wait in
      spike.replay.spans(in: wait) { slice in
        if case .task(let task, let priority) = slice.occupant {
          task.pid == hog.pid && priority.map(\.isRealtime) ?? false
        } else {
          false
        }
      }
    }
    let used = Spans.length(spans)
    let runtime = spike.context.rtRuntime ?? Nanoseconds(950_000_000)
    evidence = [
      Evidence(leaving, note: "still runnable, ran for \(used.microseconds) us of the wait")
    ]
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
