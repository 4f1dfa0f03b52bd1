internal import Analysis
internal import TraceModel

/// The wakeup that the largest mark of a synthetic latency event stands for.
struct MarkedWakeup {
  var derived: DerivedSample
  /// The wakeup's length.
  var length: Nanoseconds { derived.sample.latency }

  /// The wakeups of the largest marks, the longest first, `limit` at most; those above `threshold`.
  static func all(
    in source: TraceSource, task: TaskSelector?, threshold: Nanoseconds?, limit: Int
  ) -> [MarkedWakeup] {
    let events = LatencyMarks.all(in: source, limit: max(limit, 1)) { mark in
      task.map { $0.matches(TaskIdentity(pid: mark.pid, comm: mark.comm)) } ?? true
    }
    var found: [(mark: LatencyMark, scale: Scale)] = []
    for marks in events {
      guard let first = marks.largest.first, let scale = Scale(marks, first, in: source) else {
        continue
      }
      found += marks.largest.map { ($0, scale) }
    }
    return found.map { ($0, $0.mark.length($0.scale.unit)) }
      .filter { $0.1 > threshold ?? Nanoseconds(-1) }
      .sorted { ($1.1, $0.0.mark.time) < ($0.1, $1.0.mark.time) }.prefix(max(limit, 1))
      .map { MarkedWakeup($0.0.mark, $0.0.scale, threshold: threshold, in: source) }
  }

  /// The unit of an event's latencies.
  private struct Scale {
    var unit: LatencyUnit
    /// How it is known.
    var reason: String

    /// Nil where the events around the largest mark show that it is not the latency of a wakeup.
    init?(_ marks: LatencyMarks, _ largest: LatencyMark, in source: TraceSource) {
      let reach = Nanoseconds(microseconds: 2_000_000)
      let timeline = source.timeline(
        around: TimeSpan(
          largest.time - min(largest.length(.microseconds), reach),
          largest.time + Nanoseconds(microseconds: 10_000)))
      var votes: [LatencyUnit: Int] = [:]
      var compared = 0
      for (mark, length) in MarkedWakeup.pairs(of: marks.event, in: timeline, source) {
        compared += 1
        let errors = [LatencyUnit.microseconds, .nanoseconds].map { unit in
          (unit, MarkedWakeup.distance(mark.length(unit), length))
        }
        guard let best = errors.min(by: { $0.1 < $1.1 }),
          best.1 <= max(Nanoseconds(microseconds: 3), Nanoseconds(length.count / 10))
        else { continue }
        votes[best.0, default: 0] += 1
      }
      if let best = votes.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }) {
        guard best.value * 2 >= compared else { return nil }
        unit = best.key
        reason = "in \(best.key.text), as the wakeups in the trace show"
      } else if compared > 0 {
        return nil
      } else if let told = largest.unit {
        unit = told
        reason = "in \(told.text), as its name shows"
      } else {
        // Nobody wakes up within a microsecond, and most do within a millisecond.
        unit = marks.least < 1_000 ? .microseconds : .nanoseconds
        reason =
          "assumed to be in \(unit.text), because the smallest of \(marks.count) is \(marks.least)"
      }
    }
  }

  private init(
    _ mark: LatencyMark, _ scale: Scale, threshold: Nanoseconds?, in source: TraceSource
  ) {
    let length = mark.length(scale.unit)
    let margin = Nanoseconds(microseconds: 1_000)
    let timeline = source.timeline(
      around: TimeSpan(mark.time - length - margin, mark.time))
    // The mark is written at the switch to the task, and its time is cut to whole microseconds.
    var wake = mark.time
    let switched = Self.switched(mark, in: timeline)
    if let switched { wake = switched.time }
    var begin = wake - length
    if let span = Self.recorded(mark, in: timeline),
      Self.distance(span.length, length) <= Nanoseconds(microseconds: 2)
    {
      begin = span.start
    }
    var task = timeline.task(mark.pid)
    // The name at that time: the task may have another one later.
    if !mark.comm.isEmpty { task.comm = mark.comm }
    var priority: Int32 = 0
    if case .switched(let change) = switched?.payload {
      let value = change.nextPriority.value
      priority = value >= 0 && value < 99 ? 99 - value : 0
    }
    let sample = WakeupSample(
      cpu: mark.cpu, task: task, policy: nil, priority: priority, sequence: 0, expiry: begin,
      wake: wake, threshold: threshold, source: .task)
    derived = DerivedSample(
      sample: sample, timeline: timeline,
      derivation: "the synthetic event \(mark.event) of \(task.text), \(scale.reason)"
        + (switched == nil ? "; the switch to it is not in the trace" : ""))
  }

  /// Marks of an event with the length of the wakeup that the scheduler's own events show, 200 at
  /// most.
  private static func pairs(
    of event: String, in timeline: Timeline, _ source: TraceSource
  ) -> [(mark: LatencyMark, length: Nanoseconds)] {
    var found: [(mark: LatencyMark, length: Nanoseconds)] = []
    var woken: [Int32: Nanoseconds] = [:]
    // The last switch of each CPU, and a mark that was written before it.
    var running: [Int: (pid: Int32, length: Nanoseconds)] = [:]
    var early: [Int: LatencyMark] = [:]
    for event in timeline.merged where found.count < 200 {
      switch event.payload {
      case .waking(let wake): woken[wake.task.pid] = event.time
      case .wakeup(let wake) where woken[wake.task.pid] == nil: woken[wake.task.pid] = event.time
      case .switched(let change):
        let begin = woken.removeValue(forKey: change.next.pid)
        running[event.cpu] = begin.map { (change.next.pid, event.time - $0) }
        if let mark = early.removeValue(forKey: event.cpu), mark.pid == change.next.pid,
          let begin, event.time - mark.time < Nanoseconds(microseconds: 50)
        {
          found.append((mark, event.time - begin))
        }
      default:
        guard let mark = LatencyMark(event, isSynthetic: !source.isText) else { continue }
        if let last = running[event.cpu], last.pid == mark.pid {
          found.append((mark, last.length))
          running[event.cpu] = nil
        } else {
          early[event.cpu] = mark
        }
      }
    }
    return found.filter { $0.mark.event == event }
  }

  /// From the task's last sched_waking (or sched_wakeup) to the switch that a mark came with.
  static func recorded(_ mark: LatencyMark, in timeline: Timeline) -> TimeSpan? {
    guard let switched = switched(mark, in: timeline) else { return nil }
    var waking: Nanoseconds?
    var wakeup: Nanoseconds?
    for track in timeline.cpus {
      for event in track.events.reversed() where event.time <= switched.time {
        if case .waking(let wake) = event.payload, wake.task.pid == mark.pid {
          waking = max(waking ?? event.time, event.time)
          break
        }
        if case .wakeup(let wake) = event.payload, wake.task.pid == mark.pid {
          wakeup = max(wakeup ?? event.time, event.time)
        }
      }
    }
    return (waking ?? wakeup).map { TimeSpan($0, switched.time) }
  }

  /// The switch to the task on the mark's CPU, just before the mark or in the same microsecond.
  private static func switched(_ mark: LatencyMark, in timeline: Timeline) -> TraceEvent? {
    let near = TimeSpan(
      mark.time - Nanoseconds(microseconds: 1_000), mark.time + Nanoseconds(microseconds: 50))
    return timeline[cpu: mark.cpu]?.events(in: near).last { event in
      if case .switched(let change) = event.payload { change.next.pid == mark.pid } else { false }
    }
  }

  private static func distance(_ a: Nanoseconds, _ b: Nanoseconds) -> Nanoseconds {
    a < b ? b - a : a - b
  }
}
