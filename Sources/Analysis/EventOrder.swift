import TraceModel

/// The events of all CPUs in order of time, as references into their buffers.
///
/// Moving events about is what costs in a sort of them: they hold strings and arrays.
struct EventOrder: Sendable {
  /// One event.
  struct Reference: Sendable {
    var time: Nanoseconds
    var track: Int32
    var index: Int32
  }

  private let tracks: [CPUTimeline]
  /// The references; equal stamps are in order of CPU.
  let references: [Reference]

  /// Orders the events of a timeline.
  init(_ timeline: Timeline) {
    tracks = timeline.cpus
    var runs = timeline.cpus.enumerated().map { number, track in
      track.events.indices.map { index in
        Reference(
          time: track.events[index].time, track: Int32(truncatingIfNeeded: number),
          index: Int32(truncatingIfNeeded: index))
      }
    }
    while runs.count > 1 {
      var merged: [[Reference]] = []
      for index in stride(from: 0, to: runs.count, by: 2) {
        merged.append(
          index + 1 < runs.count ? Self.merge(runs[index], runs[index + 1]) : runs[index])
      }
      runs = merged
    }
    references = runs.first ?? []
  }

  private static func merge(_ a: [Reference], _ b: [Reference]) -> [Reference] {
    if a.isEmpty { return b }
    if b.isEmpty { return a }
    var result: [Reference] = []
    result.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if b[j].time < a[i].time {
        result.append(b[j])
        j += 1
      } else {
        result.append(a[i])
        i += 1
      }
    }
    result.append(contentsOf: a[i...])
    result.append(contentsOf: b[j...])
    return result
  }

  /// Number of events.
  var count: Int { references.count }

  /// The event at a place in the order.
  subscript(position: Int) -> TraceEvent { self[references[position]] }

  /// The event of a reference.
  subscript(reference: Reference) -> TraceEvent {
    tracks[Int(reference.track)].events[Int(reference.index)]
  }

  /// The current task at a place in the order; the event is not copied for it.
  func pid(_ position: Int) -> Int32 {
    let reference = references[position]
    return tracks[Int(reference.track)].events[Int(reference.index)].pid
  }

  /// Index of the first event at or after `time`.
  func lowerBound(_ time: Nanoseconds) -> Int {
    var low = 0
    var high = references.count
    while low < high {
      let middle = (low + high) / 2
      if references[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Timeline {
  /// The timeline with every CPU's events in order of time: stamps of a damaged source may go back.
  var ordered: Timeline {
    guard cpus.contains(where: { !$0.isOrdered }) else { return self }
    var copy = self
    for index in copy.cpus.indices where !copy.cpus[index].isOrdered {
      let events = copy.cpus[index].events.enumerated().sorted {
        ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
      }
      copy.cpus[index].events = events.map(\.element)
    }
    return copy
  }
}

extension CPUTimeline {
  fileprivate var isOrdered: Bool {
    var last = Nanoseconds(.min)
    for index in events.indices {
      let time = events[index].time
      if time < last { return false }
      last = time
    }
    return true
  }
}
