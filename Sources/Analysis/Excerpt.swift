public import TraceModel

/// The part of the window that a reader is shown.
public struct ExcerptLine: Hashable, Sendable {
  /// The event, nil for a line that stands for events left out.
  public var event: TraceEvent?
  /// The current task's identity.
  public var task: TaskIdentity
  /// Whether the verdict rests on it.
  public var isEvidence: Bool
  /// Events left out here.
  public var omitted: Int
  /// Whether the trace has another line in its place, from which the event was made.
  public var isMade = false

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(event: TraceEvent?, task: TaskIdentity, isEvidence: Bool, omitted: Int = 0) {
    self.event = event
    self.task = task
    self.isEvidence = isEvidence
    self.omitted = omitted
  }
}

enum Excerpt {
  /// By what an event is found again.
  private struct Mark {
    var time: Nanoseconds
    var position: UInt64?
    var cpu: Int
  }

  /// At most `limit` lines: the evidence, the wakeup's own events and what is next to them.
  static func lines(of spike: SpikeCase, evidence: [Evidence], limit: Int = 40) -> [ExcerptLine] {
    let margin = Nanoseconds(microseconds: 20)
    let window = TimeSpan(spike.sample.expiry - margin, spike.sample.wake + margin)
    var events = spike.timeline[cpu: spike.cpu]?.events(in: window) ?? []
    let own = events.count
    // Events of other CPUs only where the verdict or the wakeup itself rests on them.
    let key = [
      spike.times.interruptEvent, spike.times.wakingEvent, spike.times.queuedEvent,
      spike.times.switchedEvent, spike.times.returnedEvent, spike.times.stackEvent,
    ].compactMap { $0 }
    let keyTimes = key.map(\.time)
    let marks = evidence.compactMap { line -> Mark? in
      guard let time = line.time, let cpu = line.cpu else { return nil }
      return Mark(time: time, position: line.position, cpu: cpu)
    }
    // A window may hold many thousand events, and few lines are evidence: the times decide nearly
    // always.
    func isEvidence(_ event: TraceEvent) -> Bool {
      marks.contains {
        $0.time == event.time && $0.cpu == event.cpu && $0.position == event.position
      }
    }
    for track in spike.timeline.cpus where track.cpu != spike.cpu {
      events += track.events(in: window).filter { isEvidence($0) || key.contains($0) }
    }
    // What the verdict rests on may lie before the window: a boost, a queued work item, a
    // frequency.
    for line in evidence {
      guard let time = line.time, let cpu = line.cpu, time < window.start || time > window.end
      else { continue }
      events +=
        spike.timeline[cpu: cpu]?.events(in: TimeSpan(time, time)).filter {
          $0.position == line.position && !events.contains($0)
        } ?? []
    }
    if events.count > own {
      events.sort { ($0.time, $0.cpu, $0.position) < ($1.time, $1.cpu, $1.position) }
    }
    var rank = [Int](repeating: 0, count: events.count)
    for (offset, index) in events.indices.enumerated() {
      if isEvidence(events[index]) {
        rank[offset] = 4
      } else if keyTimes.contains(events[index].time), key.contains(events[index]) {
        rank[offset] = 3
      } else if isTurningPoint(events[index].payload) {
        rank[offset] = 2
      }
    }
    for offset in rank.indices where rank[offset] < 2 {
      let near =
        (offset > 0 && rank[offset - 1] >= 3)
        || (offset + 1 < rank.count && rank[offset + 1] >= 3)
      if near { rank[offset] = 1 }
    }
    return kept(rank, limit: limit).map { line in
      switch line {
      case .omitted(let count):
        return ExcerptLine(event: nil, task: spike.sample.task, isEvidence: false, omitted: count)
      case .event(let offset):
        let event = events[events.startIndex + offset]
        return ExcerptLine(
          event: event, task: spike.names.task(event.pid, at: event.time),
          isEvidence: isEvidence(event))
      }
    }
  }

  private static func isTurningPoint(_ payload: EventPayload) -> Bool {
    switch payload {
    case .switched, .marker: true
    default: false
    }
  }

  /// A line before it has its text.
  private enum Line {
    /// The event at this offset.
    case event(Int)
    /// Events left out.
    case omitted(Int)
  }

  /// At most `limit` lines: as many events of the highest rank as there is room for, in their
  /// order, and how many were left out between them.
  private static func kept(_ rank: [Int], limit: Int) -> [Line] {
    // Of each rank more than `limit` are never kept.
    var order: [Int] = []
    for wanted in stride(from: 4, through: 0, by: -1) where order.count < limit {
      order += rank.indices.lazy.filter { rank[$0] == wanted }.prefix(limit)
    }
    // Room is left for the lines that say what was left out; where single events are kept here and
    // there those are as many.
    let least = rank.count { $0 >= 3 }
    var room = rank.count <= limit ? limit : limit - limit / 4
    while true {
      let lines = lines(order.prefix(room).sorted(), of: rank.count)
      guard lines.count > limit, room > least else { return Array(lines.prefix(limit)) }
      room -= 1
    }
  }

  private static func lines(_ kept: [Int], of count: Int) -> [Line] {
    var lines: [Line] = []
    var next = 0
    for offset in kept {
      if offset > next { lines.append(.omitted(offset - next)) }
      lines.append(.event(offset))
      next = offset + 1
    }
    if count > next { lines.append(.omitted(count - next)) }
    return lines
  }
}
