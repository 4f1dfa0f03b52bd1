public import TraceModel

extension TraceDecoder {
  /// The events of `span` (all of them where nil) on `cpus` (all where nil).
  ///
  /// Only the pages that overlap the span are read, and `pagesBefore` more on each CPU; the events
  /// of those and of the page that the span's start falls in are kept although they lie before the
  /// span. Lost-events marks and damaged pages are gaps; what the first page's mark counts is
  /// before all that is known and no gap.
  public func timeline(
    in span: TimeSpan? = nil, cpus: CPUSet? = nil, pagesBefore: Int = 0
  ) -> Timeline {
    var learned: [Int32: LearnedComm] = [:]
    let end = timeSpan?.end ?? .zero
    let timelines = buffers.filter { cpus?.contains($0.pages.cpu) ?? true }.map { buffer in
      timeline(of: buffer, in: span, pagesBefore: pagesBefore, traceEnd: end, &learned)
    }
    var comms = comms
    for (pid, name) in learned { comms[pid] = name.comm }
    return Timeline(cpus: timelines, comms: comms, clock: clock)
  }

  private struct LearnedComm {
    var time: Nanoseconds
    var comm: String
  }

  private func timeline(
    of buffer: CPUBuffer, in span: TimeSpan?, pagesBefore: Int, traceEnd: Nanoseconds,
    _ learned: inout [Int32: LearnedComm]
  ) -> CPUTimeline {
    let cpu = buffer.pages.cpu
    let wanted = buffer.index.pages(overlapping: span, before: pagesBefore)
    let start = pagesBefore > 0 ? Int64.min : span?.start.count ?? .min
    let end = span?.end.count ?? .max
    var events: [TraceEvent] = []
    // Few records are shorter: one allocation instead of many copies.
    events.reserveCapacity(wanted.reduce(0) { $0 + buffer.index.pages[$1].commit } / 40)
    var gaps: [TimelineGap] = []
    var last = wanted.lowerBound > 0 ? lastStamp(buffer, page: wanted.lowerBound - 1) : nil
    var damage: String?
    if !buffer.index.isOrdered { damage = "the pages of CPU \(cpu) are not in order of time" }
    for number in wanted {
      let page = buffer.index.pages[number]
      var first = true
      var backwards = 0
      let status = withPage(buffer, number) { bytes in
        reader.forEachRecord(in: bytes, pageSize: pageSize) { record in
          let time = record.stamp
          if let last, time < last {
            backwards += 1
            return true
          }
          if first {
            first = false
            if let last {
              let hole = TimeSpan(Nanoseconds(last), Nanoseconds(time))
              if let text = damage {
                gaps.append(TimelineGap(span: hole, cause: .damaged(text)))
                damage = nil
              }
              if let lost = page.lost.cause { gaps.append(TimelineGap(span: hole, cause: lost)) }
            }
          }
          last = time
          if time >= start, time < end {
            let event = event(bytes, record, cpu: cpu, position: page.position)
            Self.learn(event, &learned)
            events.append(event)
          }
          return true
        }
      }
      let place = "CPU \(cpu), page at byte \(page.position)"
      if case .damaged(let kind, let offset) = status {
        damage = "\(place): \(kind.text) at byte \(offset)"
      } else if backwards > 0 {
        damage = "\(place): \(backwards) records go back in time and are skipped"
      }
    }
    // The gap after the last page read may reach into the span.
    let next = wanted.upperBound
    let behind = next < buffer.index.pages.count ? firstStamp(buffer, page: next) : nil
    if damage != nil || behind != nil, let last {
      let from = Nanoseconds(last)
      let hole = TimeSpan(from, behind.map { Nanoseconds($0) } ?? traceEnd)
      if let damage { gaps.append(TimelineGap(span: hole, cause: .damaged(damage))) }
      if behind != nil, let lost = buffer.index.pages[next].lost.cause {
        gaps.append(TimelineGap(span: hole, cause: lost))
      }
    } else if let damage {
      let start = wanted.first.map { buffer.index.pages[$0].start } ?? traceEnd
      gaps.append(TimelineGap(span: TimeSpan(start, traceEnd), cause: .damaged(damage)))
    }
    gaps += unreadable(buffer, traceEnd)
    if let span { gaps.removeAll { !touches($0, span, pagesBefore) } }
    return CPUTimeline(
      cpu: cpu, events: events, gaps: gaps, oldest: timeSpan(cpu: cpu)?.start)
  }

  /// Pages whose head has no time leave a gap between their neighbours.
  private func unreadable(_ buffer: CPUBuffer, _ traceEnd: Nanoseconds) -> [TimelineGap] {
    let pages = buffer.index.pages
    return buffer.index.problems.map { problem in
      let before = pages.indices.filter { pages[$0].position < problem.position }.max {
        pages[$0].position < pages[$1].position
      }
      let after = pages.filter { $0.position > problem.position }.min { $0.position < $1.position }
      let from = before.flatMap { lastStamp(buffer, page: $0) }.map { Nanoseconds($0) }
      let to = after?.start ?? traceEnd
      return TimelineGap(
        span: TimeSpan(from ?? to, to), cause: .damaged("\(problem.subject): \(problem.reason)"))
    }
  }

  private func touches(_ gap: TimelineGap, _ span: TimeSpan, _ pagesBefore: Int) -> Bool {
    gap.span.start <= span.end && (pagesBefore > 0 || gap.span.end >= span.start)
  }

  private static func learn(_ event: TraceEvent, _ learned: inout [Int32: LearnedComm]) {
    func add(_ task: TaskIdentity) {
      guard task.pid > 0, !task.comm.isEmpty else { return }
      if let known = learned[task.pid], known.comm == task.comm || known.time > event.time {
        return
      }
      learned[task.pid] = LearnedComm(time: event.time, comm: task.comm)
    }
    switch event.payload {
    case .switched(let fields):
      add(fields.previous)
      add(fields.next)
    case .waking(let fields), .wakeup(let fields), .wakeupNew(let fields): add(fields.task)
    case .migrate(let task, _, _, _), .prioritySet(let task, _, _): add(task)
    default: break
    }
  }
}
