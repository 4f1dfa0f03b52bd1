import TraceModel

/// A turn of the deadline server: normal tasks run before real-time ones until its runtime is used
/// up.
///
/// The kernel's own timer says so: `dl_task_timer` expires and a normal task takes the CPU from a
/// real-time one, or is not preempted by one that wakes; at the end the timer is armed for the next
/// turn, and the real-time task goes on.
struct ServerTurn: Sendable {
  /// The parts of the wait in which normal tasks ran.
  var spans: [TimeSpan]
  /// The timer's expiry that began the turn.
  var begin: TraceEvent
  /// The switch to a normal task that followed.
  var given: TraceEvent
  /// The arming for the next turn that ended this one, nil where that was not seen.
  var end: TraceEvent?

  /// The timer's function; the server has no other, so SCHED_DEADLINE tasks that were throttled
  /// share the name.
  private static let function = "dl_task_timer"
  /// How long the way from the timer to the switch is at most.
  private static let reach = Nanoseconds(microseconds: 100)
  /// A turn is not longer than the server's runtime, 50 ms by default; an hour of trace need not be
  /// searched.
  private static let longest = Nanoseconds(microseconds: 1_000_000)

  /// The turn that kept a real-time thread waiting; nil where none did, or its begin was not
  /// recorded: the timer is armed at other times too, so that its end alone says nothing.
  init?(_ spike: SpikeCase) {
    let waiting = spike.waiting
    guard spike.priority.isRealtime, spike.priority.value >= 0, waiting.length >= spike.floor,
      let track = spike.timeline[cpu: spike.cpu]
    else { return nil }
    var expired: TraceEvent?
    var armed: TraceEvent?
    var open: (begin: TraceEvent, given: TraceEvent)?
    var found: [(span: TimeSpan, begin: TraceEvent, given: TraceEvent, end: TraceEvent?)] = []
    let window = TimeSpan(waiting.start - Self.longest, waiting.end)
    for event in track.events(in: window) {
      switch event.payload {
      case .hrtimerExpireEntry(_, let function, _) where Self.isServer(function):
        expired = event
      case .hrtimerStart(_, let function, _, _, _) where Self.isServer(function):
        armed = event
      case .switched(let change):
        let isGiven = !change.nextPriority.isRealtime && !change.next.isIdle
        if let timer = expired, event.time - timer.time <= Self.reach, isGiven,
          change.previousPriority.isRealtime, change.previousState.isRunnable
        {
          open = (timer, event)
        } else if change.nextPriority.isRealtime, let turn = open {
          let stop = armed.flatMap { event.time - $0.time <= Self.reach ? $0 : nil }
          found.append((TimeSpan(turn.given.time, event.time), turn.begin, turn.given, stop))
          open = nil
        } else if change.next.isIdle, let turn = open {
          // Without a normal task the server gives the CPU back: idle beside runnable real-time
          // tasks is throttling.
          found.append((TimeSpan(turn.given.time, event.time), turn.begin, turn.given, nil))
          open = nil
        }
      default: break
      }
    }
    if let turn = open {
      found.append((TimeSpan(turn.given.time, waiting.end), turn.begin, turn.given, nil))
    }
    found.removeAll { $0.span.clipped(to: waiting) == nil }
    guard let last = found.last else { return nil }
    (begin, given, end) = (last.begin, last.given, last.end)
    let turns = Spans.intersection(Spans.merged(found.map(\.span)), [waiting])
    spans = spike.replay.spans(in: waiting) { slice in
      switch slice.occupant {
      case .task(let task, let priority):
        task.pid != spike.sample.task.pid && priority.map { !$0.isRealtime } ?? true
      default: false
      }
    }
    spans = Spans.intersection(spans, turns)
    guard Spans.length(spans) >= spike.floor else { return nil }
  }

  /// The evidence, in order of time.
  var evidence: [Evidence] {
    [
      Evidence(begin, note: "timer of the server"),
      Evidence(given, note: "a normal task, while real-time tasks are runnable"),
    ] + (end.map { [Evidence($0, note: "the runtime of the server is exhausted")] } ?? [])
  }

  /// Whether the switch by which a real-time task lost the CPU follows the server's timer.
  static func began(_ leaving: TraceEvent, in timeline: Timeline) -> TraceEvent? {
    timeline[cpu: leaving.cpu]?.events(in: TimeSpan(leaving.time - reach, leaving.time)).last {
      if case .hrtimerExpireEntry(_, let function, _) = $0.payload {
        isServer(function)
      } else {
        false
      }
    }
  }

  private static func isServer(_ place: CodeLocation) -> Bool { place.symbol == function }
}
