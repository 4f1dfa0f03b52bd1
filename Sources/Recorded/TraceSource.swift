internal import Analysis
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// One buffer or text section of a recorded trace.
struct TraceSource {
  enum Body {
    case pages(PagedTrace)
    case text(FtraceText.Section)
  }

  /// The instance's name, empty for the top buffer and for texts.
  var name: String
  var body: Body

  /// Whether events are known by line numbers.
  var isText: Bool { if case .text = body { true } else { false } }

  /// The header of a text.
  var header: FtraceTextHeader? {
    if case .text(let section) = body { section.header } else { nil }
  }

  /// Whether it has the scheduler's switches; of pages, whether their events were enabled.
  var hasSwitches: Bool {
    switch body {
    case .pages(let pages): pages.scan.schema.schedSwitch != nil && !isEmpty
    case .text(let section):
      // Without times nothing says how long anyone waited.
      !section.timeline.missing.contains(.times)
        && section.timeline.cpus.contains { track in
          track.events.contains { if case .switched = $0.payload { true } else { false } }
        }
    }
  }

  /// Whether it holds no event.
  var isEmpty: Bool {
    switch body {
    case .pages(let pages): pages.scan.timeSpan == nil
    case .text(let section): section.eventCount == 0
    }
  }

  /// The markers of measuring programs, newest first, at most `limit` of each kind.
  func markers(_ phrases: [String], limit: Int) -> [MarkerLine] {
    var hits: [MarkerLine] = []
    switch body {
    case .pages(let pages):
      let clock = pages.clock
      for phrase in phrases {
        hits += pages.scan.findMarkers(containing: phrase, limit: limit).map {
          MarkerLine(
            time: clock.time($0.time), cpu: $0.cpu, pid: $0.pid, text: $0.text,
            position: $0.position)
        }
      }
    case .text(let section):
      for track in section.timeline.cpus {
        for event in track.events {
          let text: String
          switch event.payload {
          case .marker(let marker): text = marker
          case .other(let other) where Self.printNames.contains(other.name): text = other.text ?? ""
          default: continue
          }
          guard phrases.contains(where: { text.contains($0) }) else { continue }
          hits.append(
            MarkerLine(
              time: event.time, cpu: event.cpu, pid: event.pid, text: text,
              position: event.position))
        }
      }
    }
    return Array(hits.sorted { ($0.time, $0.position) > ($1.time, $1.position) }.prefix(limit))
  }

  private static let printNames: Set<String> = [
    "print", "bprint", "bputs", "osnoise_stop_tracing", "",
  ]

  /// The events around a stretch of time, with what came before for the baseline.
  func timeline(around window: TimeSpan) -> Timeline {
    switch body {
    case .pages(let pages):
      let clock = pages.clock
      if clock.isPlain { return pages.timeline(around: window) }
      let stored = TimeSpan(clock.stamp(window.start), clock.stamp(window.end))
      return corrected(pages.timeline(around: stored), clock)
    case .text(let section):
      let behind = Nanoseconds(microseconds: 1_000)
      let before = Nanoseconds(microseconds: 500_000)
      let span = TimeSpan(window.start - before, window.end + behind)
      var timeline = section.timeline
      for index in timeline.cpus.indices {
        let track = timeline.cpus[index]
        timeline.cpus[index] = CPUTimeline(
          cpu: track.cpu, events: Array(track.events(in: span)), gaps: track.gaps,
          oldest: track.oldest)
      }
      return timeline
    }
  }

  private func corrected(_ timeline: Timeline, _ clock: StampClock) -> Timeline {
    var result = timeline
    for cpu in result.cpus.indices {
      for event in result.cpus[cpu].events.indices {
        result.cpus[cpu].events[event].time = clock.time(result.cpus[cpu].events[event].time)
      }
      for gap in result.cpus[cpu].gaps.indices {
        let span = result.cpus[cpu].gaps[gap].span
        result.cpus[cpu].gaps[gap].span = TimeSpan(clock.time(span.start), clock.time(span.end))
      }
      result.cpus[cpu].oldest = result.cpus[cpu].oldest.map(clock.time)
    }
    return result
  }

  /// The latest wakeups of a task, or of all real-time tasks, worst first; nil where the events
  /// are missing.
  func search(task: TaskSelector?, threshold: Nanoseconds?, limit: Int) -> WakeupSearch? {
    switch body {
    case .pages(let pages):
      if let answer = pages.answer,
        answer.question == StreamSearch.Question(task: task, threshold: threshold, limit: limit)
      {
        return answer.search
      }
      let clock = pages.clock
      guard PageSearch.isPossible(pages.scan) else { return nil }
      let search = PageSearch(pages.scan, task: task)
      let stored = threshold.map { clock.stamp($0) - clock.stamp(.zero) }
      var result = search.run(threshold: clock.isPlain ? threshold : stored, limit: limit)
      guard !clock.isPlain else { return result }
      for index in result.worst.indices {
        result.worst[index].start = clock.time(result.worst[index].start)
        result.worst[index].waking = clock.time(result.worst[index].waking)
        result.worst[index].switched = clock.time(result.worst[index].switched)
      }
      return result
    case .text(let section):
      guard !section.header.hasRawStamps, !section.timeline.missing.contains(.times) else {
        return nil
      }
      let clock = TimerClock(section.timeline, near: section.timeline.cpus.first?.oldest ?? .zero)
      return EventSearch.run(
        section.timeline, task: task, threshold: threshold, limit: limit,
        isTimerClock: clock?.offset == .zero)
    }
  }

  /// From the first event to the last.
  var timeSpan: TimeSpan? {
    switch body {
    case .pages(let pages):
      let clock = pages.clock
      return pages.scan.timeSpan.map {
        TimeSpan(clock.time($0.start), clock.time($0.end))
      }
    case .text(let section):
      let tracks = section.timeline.cpus.filter { !$0.events.isEmpty }
      guard let start = tracks.compactMap({ $0.events.first?.time }).min(),
        let end = tracks.compactMap({ $0.events.last?.time }).max()
      else { return nil }
      return TimeSpan(start, end + Nanoseconds(1))
    }
  }
}
