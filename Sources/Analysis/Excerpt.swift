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

  /// Makes a line.
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

  /// At most `limit` lines: the evidence, the wake-up's own events and what stands next to them.
  static func lines(of spike: SpikeCase, evidence: [Evidence], limit: Int = 40) -> [ExcerptLine] {
    let margin = Nanoseconds(microseconds: 20)
    let window = TimeSpan(spike.sample.expiry - margin, spike.sample.wake + margin)
    var events = spike.timeline[cpu: spike.cpu].map { Array($0.events(in: window)) } ?? []
    let own = events.count
    // Events of other CPUs only where the verdict or the wake-up itself rests on them.
    let key = [
      spike.times.interruptEvent, spike.times.wakingEvent, spike.times.queuedEvent,
      spike.times.switchedEvent, spike.times.returnedEvent, spike.times.stackEvent,
    ].compactMap { $0 }
    let marks = evidence.compactMap { line -> Mark? in
      guard let time = line.time, let cpu = line.cpu else { return nil }
      return Mark(time: time, position: line.position, cpu: cpu)
    }
    // A window may hold many thousand events, and few lines are evidence: the times decide nearly always.
    func isEvidence(_ event: TraceEvent) -> Bool {
      marks.contains {
        $0.time == event.time && $0.cpu == event.cpu && $0.position == event.position
      }
    }
    for track in spike.timeline.cpus where track.cpu != spike.cpu {
      events += track.events(in: window).filter { isEvidence($0) || key.contains($0) }
    }
    // What the verdict rests on may lie before the window: a boost, a queued work item, a frequency.
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
    for (index, event) in events.enumerated() {
      if isEvidence(event) {
        rank[index] = 4
      } else if key.contains(event) {
        rank[index] = 3
      } else if case .switched = event.payload {
        rank[index] = 2
      } else if case .marker = event.payload {
        rank[index] = 2
      }
    }
    for index in rank.indices where rank[index] < 2 {
      let near =
        (index > 0 && rank[index - 1] >= 3) || (index + 1 < rank.count && rank[index + 1] >= 3)
      if near { rank[index] = 1 }
    }
    // Room is left for the lines that say what was left out.
    let room = events.count <= limit ? limit : limit - limit / 4
    var kept: Set<Int> = []
    for wanted in stride(from: 4, through: 0, by: -1) where kept.count < room {
      kept.formUnion(rank.indices.lazy.filter { rank[$0] == wanted }.prefix(room - kept.count))
    }
    var lines: [ExcerptLine] = []
    var omitted = 0
    for (index, event) in events.enumerated() {
      guard kept.contains(index) else {
        omitted += 1
        continue
      }
      if omitted > 0 {
        lines.append(
          ExcerptLine(event: nil, task: spike.sample.task, isEvidence: false, omitted: omitted))
        omitted = 0
      }
      lines.append(
        ExcerptLine(
          event: event, task: spike.names.task(event.pid, at: event.time),
          isEvidence: isEvidence(event)))
    }
    if omitted > 0 {
      lines.append(
        ExcerptLine(event: nil, task: spike.sample.task, isEvidence: false, omitted: omitted))
    }
    return Array(lines.prefix(limit))
  }
}
