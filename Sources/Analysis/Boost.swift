import TraceModel

/// Changes of priority by inheritance (sched_pi_setprio).
struct Boost {
  var pid: Int32
  var old: KernelPriority
  var new: KernelPriority
  var event: TraceEvent

  /// Whether it raised the priority.
  var isRaise: Bool { new.outranks(old) }

  /// All changes up to `time`, in order.
  static func all(in timeline: Timeline, until time: Nanoseconds) -> [Boost] {
    var found: [Boost] = []
    for track in timeline.cpus {
      for event in track.events {
        if event.time > time { break }
        if case .prioritySet(let task, let old, let new) = event.payload {
          found.append(Boost(pid: task.pid, old: old, new: new, event: event))
        }
      }
    }
    return found.sorted { ($0.event.time, $0.event.position) < ($1.event.time, $1.event.position) }
  }

  /// The boost by which a task had `priority` at `time`, nil where that is its own.
  static func inForce(
    _ changes: [Boost], pid: Int32, priority: KernelPriority, at time: Nanoseconds
  )
    -> TraceEvent?
  {
    guard let last = changes.last(where: { $0.pid == pid && $0.event.time <= time }), last.isRaise,
      last.new == priority
    else { return nil }
    return last.event
  }
}
