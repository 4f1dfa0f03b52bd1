internal import Analysis
internal import TraceModel

/// Joins the waits that the kernel reports with what all events report of them.
///
/// The events are recorded too, but read only where a wait was reported: as long as none is, the
/// kernel overwrites them. They also decide: a report of a wait that they do not show (the task was
/// woken anew, or preempted after a wakeup that found it running) is dropped.
struct KernelWaitCollector {
  private let reports: RunQueueStream
  private let events: RunQueueStream
  private var details: RunQueueReplay
  /// Waits that the events show and no report was given for yet, by thread.
  private var known: [Int32: [RunQueueWait]] = [:]
  private(set) var withoutDetails: UInt64 = 0
  private(set) var missed: UInt64 = 0
  /// Both are stamped at the same switch; only the kernel's work lies between.
  private static let tolerance: Int64 = 200_000

  init(reports: RunQueueStream, events: RunQueueStream, filter: RunQueueFilter, labels: LabelTable)
  {
    self.reports = reports
    self.events = events
    details = RunQueueReplay(filter: filter, labels: labels)
  }

  /// Reads what is there; `replay` gets the reported waits.
  ///
  /// - Returns: false; it reads on until all is read.
  @discardableResult mutating func round(
    isLast: Bool = false, _ replay: inout RunQueueReplay
  ) -> Bool {
    var found: [RunQueueEvent] = []
    var isBehind = true
    while isBehind {
      isBehind = reports.round(isLast: isLast) { found.append($0) }
    }
    guard isLast || found.contains(where: { $0.kind == .waited }) else {
      for event in found { replay.apply(event) }
      return false
    }
    isBehind = true
    while isBehind {
      isBehind = events.round(isLast: isLast) { details.apply($0) }
      if isBehind, !isLast { events.pause() }
    }
    for wait in details.takeWaits() { known[wait.task.pid, default: []].append(wait) }
    _ = details.takeWarnings()
    _ = details.takeDeferred()
    // In order: a name that changes between two waits was changed by the rename between them.
    for event in Self.withoutDoubles(found) {
      if event.kind == .waited { take(event, &replay) } else { replay.apply(event) }
    }
    forget(before: isLast ? .max : (found.last?.time ?? 0) &- 1_000_000_000)
    return false
  }

  /// Of two reports of one wait the shorter one: its start is the later one.
  private static func withoutDoubles(_ found: [RunQueueEvent]) -> [RunQueueEvent] {
    var kept: [RunQueueEvent] = []
    var latest: [Int32: Int] = [:]
    for event in found {
      guard event.kind == .waited else {
        kept.append(event)
        continue
      }
      if let index = latest[event.task], kept[index].time == event.time {
        if event.value < kept[index].value { kept[index] = event }
      } else {
        latest[event.task] = kept.count
        kept.append(event)
      }
    }
    return kept
  }

  private mutating func take(_ event: RunQueueEvent, _ replay: inout RunQueueReplay) {
    let index = known[event.task]?.firstIndex {
      ($0.span.end.count - event.time).magnitude < Self.tolerance
    }
    if let index {
      replay.add(event, details: known[event.task]?.remove(at: index))
    } else if event.time - event.value < details.knownSince {
      withoutDetails += 1
      replay.add(event, details: nil)
    }
  }

  private mutating func forget(before time: Int64) {
    for pid in known.keys {
      let count = known[pid]?.count ?? 0
      known[pid]?.removeAll { $0.span.end.count < time }
      missed += UInt64(count - (known[pid]?.count ?? 0))
    }
    known = known.filter { !$0.value.isEmpty }
  }
}
