import TraceModel

/// On which CPU each stretch of a wakeup was to happen: the timer's, the one where the thread was
/// queued, those that it was moved to.
struct WakePath: Sendable {
  /// A stretch on one CPU.
  struct Leg: Sendable, Hashable {
    var cpu: Int
    var span: TimeSpan
  }

  /// The stretches in order; they cover the window.
  var legs: [Leg]
  /// Migrations of the thread in the window.
  var migrations: [TraceEvent]
  /// The CPU on which the thread got to run.
  var home: Int

  init(_ sample: WakeupSample, times: WakeupTimes, timeline: Timeline) {
    let window = sample.window
    let tid = sample.task.pid
    var moves: [TraceEvent] = []
    for track in timeline.cpus {
      for event in track.events(in: window) {
        if case .migrate(let task, _, _, _) = event.payload, task.pid == tid { moves.append(event) }
      }
    }
    migrations = moves.sorted { ($0.time, $0.position) < ($1.time, $1.position) }
    home = times.switchedEvent?.cpu ?? times.firstOwnEvent?.cpu ?? sample.cpu
    guard let wakingEvent = times.wakingEvent, let waking = times.waking else {
      legs = [Leg(cpu: home, span: window)]
      return
    }
    // sched_waking's target_cpu is where the thread ran last; only the enqueue says where it went.
    let queued = times.queued ?? waking
    var marks: [(time: Nanoseconds, cpu: Int)] = [(window.start, wakingEvent.cpu)]
    let settled = times.switched ?? times.firstOwn ?? window.end
    let waits = migrations.filter { $0.time > queued && $0.time <= settled }
    var placed = home
    if let first = waits.first, case .migrate(_, _, let from, _) = first.payload { placed = from }
    marks.append((waking, placed))
    for move in waits {
      if case .migrate(_, _, _, let to) = move.payload { marks.append((move.time, to)) }
    }
    if marks.last?.cpu != home { marks = [marks[0], (waking, home)] }
    // After the switch the thread may be preempted and moved again.
    for move in migrations where move.time > settled {
      if case .migrate(_, _, _, let to) = move.payload { marks.append((move.time, to)) }
    }
    legs = []
    for (index, mark) in marks.enumerated() {
      let end = index + 1 < marks.count ? marks[index + 1].time : window.end
      let span = TimeSpan(min(mark.time, window.end), min(end, window.end))
      guard span.length > .zero else { continue }
      if let last = legs.last, last.cpu == mark.cpu {
        legs[legs.count - 1].span.end = span.end
      } else {
        legs.append(Leg(cpu: mark.cpu, span: span))
      }
    }
    if legs.isEmpty { legs = [Leg(cpu: home, span: window)] }
  }

  /// The replays of the legs, joined.
  func replay(_ timeline: Timeline, window: TimeSpan) -> CPUReplay {
    let boosts = Boost.all(in: timeline, until: window.end)
    return CPUReplay(
      legs.map { leg in
        CPUReplay(
          timeline[cpu: leg.cpu] ?? CPUTimeline(cpu: leg.cpu, events: []), window: leg.span,
          comms: timeline.comms, boosts: boosts)
      }, window: window)
  }

  /// The events of the legs.
  func events(_ timeline: Timeline, window: TimeSpan) -> ArraySlice<TraceEvent> {
    if legs.count == 1 { return timeline[cpu: legs[0].cpu]?.events(in: window) ?? [] }
    var events: [TraceEvent] = []
    for (index, leg) in legs.enumerated() {
      guard let part = timeline[cpu: leg.cpu]?.events(in: leg.span) else { continue }
      let isLast = index + 1 == legs.count
      // The CPU of the next leg has the boundary's events, but for the wakeup itself.
      events += part.filter { isLast || $0.time < leg.span.end || isWaking($0) }
    }
    events.sort { $0.time < $1.time }
    return events[...]
  }

  private func isWaking(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .waking, .migrate: true
    default: false
    }
  }
}
