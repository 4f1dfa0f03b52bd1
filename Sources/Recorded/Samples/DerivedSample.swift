internal import Analysis
internal import Report
internal import TraceModel

/// A sample that was put together from events, because nobody's clock reading is in the trace.
struct DerivedSample {
  var sample: WakeupSample
  /// The events around it, timers on the trace clock.
  var timeline: Timeline
  /// What was derived from what, for the report.
  var derivation: String
  /// Events of the timeline that were made from lines of the text.
  var made: Set<TraceEvent> = []
  /// What the window is.
  var subject = SpikeSubject.wakeup
  /// The section that a latency tracer recorded of it, for the report.
  var section: TracerSection?
  /// The same for the rules, with what the report does not show.
  var measured: LatencySection?

  /// The wakeup that a foreign marker stands for: of the task that wrote it, or of another one.
  init?(_ marker: ForeignMarker, task: TaskSelector?, in source: TraceSource) {
    let end = marker.hit.time
    let reach = max(marker.latency ?? .zero, Nanoseconds(microseconds: 100_000))
    var timeline = source.timeline(around: TimeSpan(end - reach, end))
    let clock = TimerClock(timeline, near: end)
    if let clock { timeline = clock.applied(to: timeline) }
    var identity = timeline.task(marker.hit.pid)
    if let task, !task.matches(identity) {
      guard let other = Self.lastWoken(task, before: end, in: timeline) else { return nil }
      identity = other
    } else if marker.program == .oslat, let latency = marker.latency {
      self.init(running: identity, marker: marker, latency: latency, timeline: timeline)
      return
    }
    let isWriter = identity.pid == marker.hit.pid
    var expiry: Nanoseconds?
    var origin = ""
    let events = timeline.merged
    // The request for the cycle that ended at the marker: the last one of the task before it.
    for event in events.reversed() where event.time <= end {
      guard event.pid == identity.pid, clock != nil,
        case .hrtimerStart(_, _, _, let soft, let mode) = event.payload, !mode.hasPrefix("REL"),
        soft <= end
      else { continue }
      if let latency = marker.latency, isWriter {
        // The program measured the same latency, the way to the marker not counted.
        let rest = end - soft - latency
        guard rest.count > -50_000, rest < Nanoseconds(microseconds: 2_000) else { break }
      }
      expiry = soft
      origin = "expiry from hrtimer_start"
      if let clock, clock.offset != .zero {
        origin += ", timers shifted by \(clock.offset.count) ns to the trace clock"
      }
      break
    }
    // The clock was read before the system call's exit was written, or the marker: what took the
    // way from there to the marker is not a part of the latency.
    let read = isWriter ? Self.clockReading(of: identity.pid, before: end, in: events) : nil
    let waking = Self.waking(of: identity.pid, before: read?.time ?? end, in: events)
    var wake = end
    if let latency = marker.latency, isWriter {
      if let expiry {
        wake = expiry + latency
      } else {
        // Between the clock reading and the marker some time went by; the wakeup was not before
        // the expiry.
        var begin = (read?.time ?? end) - latency
        if let waking, waking.time < begin {
          let switched = Self.lastSwitch(to: identity.pid, before: end, in: events)?.time ?? end
          begin = max(waking.time, min(begin, switched - latency))
        }
        // Nor was it after the thread ran.
        if let switched = Self.lastSwitch(to: identity.pid, before: end, in: events),
          read == nil, switched.time < begin
        {
          begin = switched.time
        }
        expiry = begin
        wake = begin + latency
        let from = read.map { "the time of the \($0.name)" } ?? "the time of the marker"
        origin = "expiry estimated as \(from) minus the \(latency.microseconds) us of the marker"
      }
    } else {
      if let switched = Self.lastSwitch(to: identity.pid, before: end, in: events) {
        wake = switched.time
      }
      if expiry.map({ $0 > wake }) ?? true, let waking {
        expiry = waking.time
        origin = "begin is sched_waking"
      }
    }
    guard let expiry, expiry <= wake else { return nil }
    let sample = WakeupSample(
      cpu: marker.hit.cpu, task: identity, policy: nil,
      priority: Self.priority(of: identity.pid, in: events, before: end), sequence: 0,
      expiry: expiry, wake: wake, threshold: marker.limit, source: isWriter ? .sample : .task)
    self.init(
      sample: sample, timeline: timeline,
      derivation: "marker of \(marker.program.rawValue) written by "
        + "\(timeline.task(marker.hit.pid).text): " + origin)
  }

  /// The last sched_waking of a task, or the last sched_wakeup where that wakeup has none.
  private static func waking(
    of pid: Int32, before end: Nanoseconds, in events: [TraceEvent]
  ) -> TraceEvent? {
    var found: TraceEvent?
    // A wakeup ends with the switch to the task.
    var hasRun = true
    for event in events where event.time <= end {
      switch event.payload {
      case .waking(let wake) where wake.task.pid == pid:
        found = event
        hasRun = false
      case .wakeup(let wake) where wake.task.pid == pid && hasRun:
        found = event
        hasRun = false
      case .switched(let change) where change.next.pid == pid: hasRun = true
      default: continue
      }
    }
    return found
  }

  /// When the thread had read its clock at the latest: at the exit of the system call in which it
  /// slept, else at the switch to it, where the marker came so long after it that the way to the
  /// marker matters.
  private static func clockReading(
    of pid: Int32, before end: Nanoseconds, in events: [TraceEvent]
  ) -> (time: Nanoseconds, name: String)? {
    guard let switched = lastSwitch(to: pid, before: end, in: events) else { return nil }
    let returned = events.first { event in
      guard event.pid == pid, event.time >= switched.time, event.time <= end,
        case .syscallExit(_, let name, _) = event.payload
      else { return false }
      return name.isEmpty || name.contains("nanosleep") || name.contains("futex")
        || name.contains("poll") || name.contains("select") || name.contains("read")
        || name.contains("sigwait") || name.contains("sigtimedwait")
    }
    if let returned { return (returned.time, "exit of the system call") }
    return nil
  }

  /// A thread that should have run all the time: from the last moment it ran to the marker.
  private init(
    running task: TaskIdentity, marker: ForeignMarker, latency: Nanoseconds, timeline: Timeline
  ) {
    sample = WakeupSample(
      cpu: marker.cpu ?? marker.hit.cpu, task: task, policy: nil, priority: 0, sequence: 0,
      expiry: marker.hit.time - latency, wake: marker.hit.time, threshold: marker.limit,
      source: .sample)
    self.timeline = timeline
    derivation =
      "marker of oslat, the thread did not run for \(latency.microseconds) us before it"
  }

  /// A wakeup that a search found.
  init(_ wakeup: LateWakeup, threshold: Nanoseconds?, in source: TraceSource) {
    var timeline = source.timeline(around: TimeSpan(wakeup.start, wakeup.switched))
    var start = wakeup.start
    var origin = "begin is sched_waking"
    if wakeup.isTimer {
      origin = "expiry from its timer"
      if let clock = TimerClock(timeline, near: wakeup.waking) {
        timeline = clock.applied(to: timeline)
        // The request itself is exact where the search had only the time of the expiry's event.
        let armed = Self.lastArmed(wakeup, in: timeline)
        if case .hrtimerStart(_, _, _, let soft, let mode) = armed?.payload,
          !mode.hasPrefix("REL"), soft <= wakeup.waking
        {
          start = soft
        }
        if clock.offset != .zero {
          origin += ", timers shifted by \(clock.offset.count) ns to the trace clock"
        }
      }
    }
    let value = wakeup.priority.value
    sample = WakeupSample(
      cpu: wakeup.cpu, task: wakeup.task, policy: nil,
      priority: value >= 0 && value < 99 ? 99 - value : 0, sequence: 0, expiry: start,
      wake: wakeup.switched, threshold: threshold, source: .task)
    self.timeline = timeline
    derivation = "wakeup of \(wakeup.task.text) found in the trace: \(origin), end is sched_switch"
  }

  /// A sample that a tracer's own lines give.
  init(sample: WakeupSample, timeline: Timeline, derivation: String) {
    self.sample = sample
    self.timeline = timeline
    self.derivation = derivation
  }

  /// The task's last request for a timer before the wakeup; the events are not put in order for
  /// it, there may be many.
  private static func lastArmed(_ wakeup: LateWakeup, in timeline: Timeline) -> TraceEvent? {
    timeline.cpus.compactMap { track in
      let place = track.events.indices.last { index in
        guard track.events[index].pid == wakeup.task.pid, track.events[index].time < wakeup.waking
        else { return false }
        if case .hrtimerStart = track.events[index].payload { return true }
        return false
      }
      return place.map { track.events[$0] }
    }.max { ($0.time, $0.cpu, $0.position) < ($1.time, $1.cpu, $1.position) }
  }

  private static func lastSwitch(
    to pid: Int32, before end: Nanoseconds, in events: [TraceEvent]
  ) -> TraceEvent? {
    events.last { event in
      if case .switched(let change) = event.payload {
        return change.next.pid == pid && event.time <= end
      }
      return false
    }
  }

  private static func lastWoken(
    _ task: TaskSelector, before end: Nanoseconds, in timeline: Timeline
  ) -> TaskIdentity? {
    for event in timeline.merged.reversed() where event.time <= end {
      if case .switched(let change) = event.payload, task.matches(change.next) {
        return change.next
      }
    }
    return nil
  }

  /// The user's priority by the scheduler's events, 0 for a normal task.
  private static func priority(
    of pid: Int32, in events: [TraceEvent], before end: Nanoseconds
  ) -> Int32 {
    for event in events.reversed() where event.time <= end {
      if case .switched(let change) = event.payload, change.next.pid == pid {
        let value = change.nextPriority.value
        return value >= 0 && value < 99 ? 99 - value : 0
      }
    }
    return 0
  }
}
