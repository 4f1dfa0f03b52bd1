internal import TraceModel

extension RunQueueReplay {
  static func occupant(_ pid: Int32, _ name: TaskName) -> CPUHistory.Occupant {
    CPUHistory.Occupant(kind: pid == 0 ? .idle : .task, number: pid, name: name)
  }

  @_optimize(speed) mutating func slot(_ pid: Int32) -> Int? {
    guard pid > 0, pid <= Self.highestPid else { return nil }
    let number = Int(pid)
    if number >= slots.count {
      slots.append(contentsOf: repeatElement(-1, count: number + 1_024 - slots.count))
    }
    if slots[number] >= 0 { return Int(slots[number]) }
    slots[number] = Int32(tasks.count)
    tasks.append(TaskState(pid: pid))
    return tasks.count - 1
  }

  @_optimize(speed) func taskName(_ pid: Int32) -> TaskName {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return .none }
    return tasks[Int(slots[Int(pid)])].name
  }

  /// The latest name of a thread, empty where no event reported one.
  public func name(_ pid: Int32) -> String { taskName(pid).text }

  /// Names come from the events' own fields alone, never from the task that happens to be current.
  @_optimize(speed) mutating func learn(_ index: Int, _ name: TaskName, _ time: Int64) {
    guard tasks[index].name != name, !name.isEmpty else { return }
    let known = tasks[index].name
    // A trace without renames cannot report an exec: then only a name that comes back, or a
    // worker's, contradicts.
    let contradicts =
      hasRenames || tasks[index].formerName == name || known.isWorker || name.isWorker
    if contradicts, !known.isEmpty, tasks[index].renames == 0, !tasks[index].hasEnded,
      pendingWarnings.count < Self.mostWarnings, warnedPids.insert(tasks[index].pid).inserted
    {
      pendingWarnings.append(
        IdentityWarning(
          tid: tasks[index].pid, before: tasks[index].name.text, after: name.text,
          time: Nanoseconds(time)))
    }
    tasks[index].formerName = known
    tasks[index].name = name
    if tasks[index].renames > 0 { tasks[index].renames -= 1 }
    tasks[index].hasEnded = false
    if let glob = filter.comm { tasks[index].isWanted = Glob.matches(glob, name.text) }
  }

  @_optimize(speed) func isWanted(_ task: TaskState) -> Bool {
    task.isWanted && (filter.tids?.contains(task.pid) ?? true)
  }
}
