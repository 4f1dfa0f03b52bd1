import TraceModel

/// Names of tasks as they were at a time: a task may take another one (exec, prctl) at any moment.
struct TaskNames: Sendable {
  private struct Entry {
    var time: Nanoseconds
    var comm: String
  }

  private let timeline: Timeline
  private var entries: [Int32: [Entry]] = [:]

  /// Learns the names from the scheduler's events and from task:task_rename.
  init(_ timeline: Timeline) {
    self.timeline = timeline
    var renamed: Set<Int32> = []
    var known: [Int32: String] = [:]
    // Most tasks have one name: only those that have several are worth a list.
    Self.forEachName(timeline) { pid, comm, _ in
      if let first = known[pid] {
        if first != comm { renamed.insert(pid) }
      } else {
        known[pid] = comm
      }
    }
    guard !renamed.isEmpty else { return }
    Self.forEachName(timeline) { pid, comm, time in
      if renamed.contains(pid) { entries[pid, default: []].append(Entry(time: time, comm: comm)) }
    }
    for pid in renamed { entries[pid]?.sort { $0.time < $1.time } }
  }

  /// The task with the name that it had at `time`; the name that the trace's own table has where it
  /// had one only.
  func task(_ pid: Int32, at time: Nanoseconds) -> TaskIdentity {
    guard let names = entries[pid] else { return timeline.task(pid) }
    let entry = names.last { $0.time <= time } ?? names.first
    return TaskIdentity(pid: pid, comm: entry?.comm ?? "")
  }

  private static func forEachName(
    _ timeline: Timeline, _ body: (Int32, String, Nanoseconds) -> Void
  ) {
    func add(_ task: TaskIdentity, _ time: Nanoseconds) {
      if task.pid > 0, !task.comm.isEmpty { body(task.pid, task.comm, time) }
    }
    for track in timeline.cpus {
      for event in track.events {
        switch event.payload {
        case .switched(let change):
          add(change.previous, event.time)
          add(change.next, event.time)
        case .waking(let wake), .wakeup(let wake), .wakeupNew(let wake): add(wake.task, event.time)
        case .other(let other):
          guard let rename = TaskRename(other) else { continue }
          add(TaskIdentity(pid: rename.pid, comm: rename.old), event.time - Nanoseconds(1))
          add(TaskIdentity(pid: rename.pid, comm: rename.new), event.time)
        default: continue
        }
      }
    }
  }
}
