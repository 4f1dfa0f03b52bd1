internal import TraceModel

/// The events of one CPU while they are collected.
struct FtraceTextColumn {
  var events: [TraceEvent] = []
  var gaps: [TimelineGap] = []
  /// Events that the buffer lost before the next one; the count may be missing.
  var lost: UInt64??
  var isSorted = true

  /// Appends a line to the last event where if that is a text that may contain line ends:
  /// one written to trace_marker or by trace_printk().
  mutating func continueLast(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    switch events.last?.payload {
    case .marker(let text): replaceLast(.marker(text + "\n" + bytes.string(range)))
    case .other(var event) where event.name == "bprint" || event.name == "bputs":
      event.text = (event.text ?? "") + "\n" + bytes.string(range)
      replaceLast(.other(event))
    default: return false
    }
    return true
  }

  mutating func replaceLast(_ payload: EventPayload) {
    if !events.isEmpty { events[events.count - 1].payload = payload }
  }

  mutating func append(_ event: TraceEvent) {
    let before = events.last?.time ?? event.time
    if let lost {
      gaps.append(
        TimelineGap(span: TimeSpan(before, event.time), cause: .lostEvents(count: lost)))
      self.lost = nil
    }
    if event.time < before { isSorted = false }
    events.append(event)
  }

  /// The timeline of a CPU, and what of its stamps is not in order.
  func finish(_ cpu: Int) -> (timeline: CPUTimeline, problems: [TraceFileProblem]) {
    var events = events
    var gaps = gaps
    var problems: [TraceFileProblem] = []
    if !isSorted {
      let check = StampCheck(events)
      if check.strays.isEmpty {
        // The sort keeps the order of equal stamps by the line number.
        events.sort { ($0.time, $0.position) < ($1.time, $1.position) }
        problems.append(
          TraceFileProblem(
            offset: nil, "the lines of CPU \(cpu) are not in order of time and were sorted"))
      } else {
        gaps += check.correct(&events)
        problems += check.problems(cpu)
      }
    }
    if let lost {
      let last = events.last?.time ?? .zero
      gaps.append(TimelineGap(span: TimeSpan(last, last), cause: .lostEvents(count: lost)))
    }
    return (CPUTimeline(cpu: cpu, events: events, gaps: gaps), problems)
  }
}
