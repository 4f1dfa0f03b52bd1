internal import TraceModel

/// Which columns the lines of a section have, and what of their values no kernel prints.
struct SeenColumns {
  var timed = 0
  var untimed = 0
  /// Lines with an event and nothing else.
  var bare = 0
  var withTask = 0
  var withoutTask = 0
  var withCPU = 0
  var withoutCPU = 0
  var withFlags = 0
  /// Lines whose time came in two parts, and the greatest second part.
  var twoPart = 0
  var longestPart: Int64 = 0
  /// Whether flags of an interrupt pipeline were seen.
  var isPipelined = false
  private var priorities = PackedPriorities()
  /// Tasks whose number is none that a kernel gives, by their names.
  var unknownTasks: [String: Int32] = [:]
  /// What the section lacks.
  var missing: MissingColumns = []

  /// Counts a line's columns.
  @inline(__always) mutating func note(_ found: FtraceLine) {
    if found.hasTime { timed += 1 } else { untimed += 1 }
    if found.pid >= 0 { withTask += 1 } else { withoutTask += 1 }
    if found.cpu >= 0 { withCPU += 1 } else { withoutCPU += 1 }
    if found.flags != nil || found.verboseFlags != nil { withFlags += 1 }
    if found.pid < 0, found.cpu < 0, !found.hasTime { bare += 1 }
    if found.isTwoPart {
      twoPart += 1
      longestPart = max(longestPart, found.time % 1_000_000_000)
    }
  }

  /// Whether an event had a priority that no kernel gives to a task.
  var hasUnknownPriorities: Bool { !priorities.isEmpty }

  /// Notes a task and its priority from an event; `number` finds the priority's number in the text.
  @inline(__always) mutating func note(
    _ task: TaskIdentity, _ priority: KernelPriority, _ number: () -> String
  ) {
    if !priority.isKnown { priorities.note(number(), of: task.pid) }
    if task.pid < 0, unknownTasks[task.comm] == nil {
      unknownTasks[task.comm] = -2 - Int32(clamping: unknownTasks.count)
    }
  }

  /// Notes the priority of a task that is woken, which is compared with those that are not known.
  @inline(__always) mutating func noteWoken(_ task: TaskIdentity, _ priority: KernelPriority) {
    if priority.isKnown, hasUnknownPriorities { priorities.noteWoken(priority, of: task.pid) }
  }

  /// Clauses of what is missing.
  var notes: [String] {
    var notes: [String] = []
    if missing.contains(.times) {
      notes.append("no time column, so the lines show only an order and no durations")
    }
    if missing.contains(.tasks) {
      notes.append("no task column, so the task is known only from switches and the idle loop")
    }
    if missing.contains(.cpus) {
      notes.append("no CPU column, so the CPU is known only from switches")
    }
    if missing.contains(.flags), !missing.isDisjoint(with: [.times, .tasks, .cpus]) {
      notes.append("no flag column")
    }
    if missing.contains(.priorities) { notes.append(priorities.text) }
    if !unknownTasks.isEmpty {
      notes.append(
        "task ids above the kernel's maximum of 4194304 are not used; these tasks are known by "
          + "name only")
    }
    if isPipelined {
      notes.append(
        "flags of a kernel with Dovetail: # and * mean that IRQs were disabled in the CPU, d "
          + "that the in-band stage was stalled, ~ the out-of-band stage")
    }
    return notes
  }
}

/// Numbers in the place of priorities that no kernel gives to a task, compared with priorities of
/// the same tasks that are.
private struct PackedPriorities {
  private var example = ""
  /// The last three digits by task.
  private var digits: [Int32: Int32] = [:]
  private var agreeing = 0
  private var differing = 0

  var isEmpty: Bool { example.isEmpty }

  mutating func note(_ number: String, of pid: Int32) {
    if example.isEmpty { example = number.isEmpty ? "?" : String(number.prefix(24)) }
    guard pid > 0, digits.count < 4_096, number.utf8.count > 3 else { return }
    digits[pid] = Int32(number.suffix(3))
  }

  mutating func noteWoken(_ priority: KernelPriority, of pid: Int32) {
    guard let last = digits[pid] else { return }
    if last == priority.value { agreeing += 1 } else { differing += 1 }
  }

  /// What is said of them.
  var text: String {
    let text =
      "priorities like \(example) are not valid, a vendor kernel packs other values into them"
    guard agreeing > 0, differing == 0 else { return text + "; they are not used" }
    return text
      + " (the last three digits agree with the priorities of the wakeups); they are not used"
  }
}

// What is put right when a section's lines are all there.
extension FtraceTextParser {
  /// Says which columns are missing, and fills in what the events report in their place.
  mutating func completeColumns() {
    let count = seen.timed + seen.untimed
    guard count > 0 else { return }
    if seen.timed == 0 {
      seen.missing.insert(.times)
      header.hasRawStamps = true
    }
    if seen.withTask == 0 { seen.missing.insert(.tasks) }
    if seen.withCPU == 0 { seen.missing.insert(.cpus) }
    if seen.withFlags == 0 { seen.missing.insert(.flags) }
    if seen.hasUnknownPriorities { seen.missing.insert(.priorities) }
    if seen.twoPart > 0 { joinTimes() }
    if seen.withoutCPU > 0 { placeOnCPUs() }
    if seen.withoutTask > 0 {
      for cpu in columns.keys { columns[cpu]?.fillTasks(cpu) }
    }
    if !seen.unknownTasks.isEmpty { nameTasks() }
    for note in seen.notes { repair(note) }
  }

  /// A time in two parts was read as seconds and microseconds; where the second part stays below a
  /// thousand the first one is milliseconds.
  private mutating func joinTimes() {
    repair("times in two parts (`5120010 210us`) were joined")
    guard seen.longestPart < 1_000_000 else { return }
    for cpu in columns.keys {
      columns[cpu]?.eachEvent { event in
        let time = event.time.count
        event.time = Nanoseconds(time / 1_000_000_000 * 1_000_000 + time % 1_000_000_000)
      }
    }
  }

  /// Gives each event without a CPU the one that switches report: `swapper/N` is CPU N's idle task,
  /// and who was switched to a CPU leaves that one.
  private mutating func placeOnCPUs() {
    guard let column = columns.removeValue(forKey: -1) else { return }
    var placing = CPUPlacing(column.events)
    placing.run()
    for (event, cpu) in zip(column.events, placing.cpus) {
      var event = event
      event.cpu = cpu
      columns[cpu, default: FtraceTextColumn()].append(event)
    }
    for gap in column.gaps {
      for cpu in columns.keys { columns[cpu]?.gaps.append(gap) }
    }
    if lastCPU == -1 { lastCPU = placing.cpus.last }
  }

  /// Puts the numbers of tasks that are known by their names only into the events.
  private mutating func nameTasks() {
    var numbers: [String: Int32?] = [:]
    for (pid, comm) in comms {
      // A name that two tasks have reports neither.
      if numbers[comm] == nil { numbers[comm] = .some(pid) } else { numbers[comm] = .some(nil) }
    }
    let made = seen.unknownTasks
    func number(_ task: TaskIdentity) -> TaskIdentity {
      guard task.pid < 0 else { return task }
      let known = numbers[task.comm].flatMap { $0 }
      return TaskIdentity(pid: known ?? made[task.comm] ?? -1, comm: task.comm)
    }
    for cpu in columns.keys {
      columns[cpu]?.eachEvent { event in
        switch event.payload {
        case .switched(var change):
          change.previous = number(change.previous)
          change.next = number(change.next)
          event.payload = .switched(change)
        case .waking(var wake):
          wake.task = number(wake.task)
          event.payload = .waking(wake)
        case .wakeup(var wake):
          wake.task = number(wake.task)
          event.payload = .wakeup(wake)
        case .wakeupNew(var wake):
          wake.task = number(wake.task)
          event.payload = .wakeupNew(wake)
        default: break
        }
      }
    }
    for (comm, pid) in made where numbers[comm].flatMap({ $0 }) == nil { comms[pid] = comm }
  }
}

extension FtraceTextColumn {
  /// Changes each event.
  mutating func eachEvent(_ change: (inout TraceEvent) -> Void) {
    for index in events.indices { change(&events[index]) }
  }

  /// Fills in the task of events without one: who was switched to, who left, and the idle task in
  /// the idle loop.
  mutating func fillTasks(_ cpu: Int) {
    var current: Int32 = -1
    for index in events.indices {
      current = Self.task(events[index], cpu) ?? current
      if events[index].pid == -1 { events[index].pid = current }
      if case .switched(let change) = events[index].payload { current = change.next.pid }
    }
    // What comes before the first one that reports it.
    guard let first = events.firstIndex(where: { $0.pid != -1 }), first > 0 else { return }
    if case .cpuIdle(nil, _) = events[first].payload {
      for index in 0..<first { events[index].pid = 0 }
    } else if case .switched(let change) = events[first].payload {
      for index in 0..<first { events[index].pid = change.previous.pid }
    }
  }

  private static func task(_ event: TraceEvent, _ cpu: Int) -> Int32? {
    switch event.payload {
    case .switched(let change): return change.previous.pid
    case .cpuIdle(_, let idle): return idle == cpu ? 0 : nil
    default: return event.pid == -1 ? nil : event.pid
    }
  }
}

/// Finds the CPUs of events that have none.
private struct CPUPlacing {
  private let events: [TraceEvent]
  private var found: [Int?]

  init(_ events: [TraceEvent]) {
    self.events = events
    found = Array(repeating: nil, count: events.count)
  }

  /// The CPU of each event; 0 where nothing reports it.
  var cpus: [Int] {
    var last = found.compactMap { $0 }.first ?? 0
    return found.map { cpu in
      last = cpu ?? last
      return last
    }
  }

  mutating func run() {
    var places: [Int32: Int] = [:]
    for index in events.indices {
      let event = events[index]
      if case .switched(let change) = event.payload {
        let cpu =
          Self.idle(change.previous) ?? Self.idle(change.next) ?? places[change.previous.pid]
        found[index] = cpu
        places[change.previous.pid] = nil
        if let cpu, !change.next.isIdle { places[change.next.pid] = cpu }
      } else if case .cpuIdle(_, let cpu) = event.payload, cpu >= 0, cpu <= CPUSet.highest {
        found[index] = cpu
      } else if event.pid > 0 {
        found[index] = places[event.pid]
      }
    }
    places = [:]
    for index in events.indices.reversed() {
      let event = events[index]
      if case .switched(let change) = event.payload {
        if found[index] == nil { found[index] = places[change.next.pid] }
        places[change.next.pid] = nil
        if let cpu = found[index], !change.previous.isIdle { places[change.previous.pid] = cpu }
      } else if found[index] == nil, event.pid > 0 {
        found[index] = places[event.pid]
      }
    }
  }

  /// The CPU whose idle task a task is, by its name `swapper/N`.
  private static func idle(_ task: TaskIdentity) -> Int? {
    guard task.pid == 0, task.comm.hasPrefix("swapper/"), let cpu = Int(task.comm.dropFirst(8)),
      cpu >= 0, cpu <= CPUSet.highest
    else { return nil }
    return cpu
  }
}
