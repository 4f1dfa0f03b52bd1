internal import Analysis
internal import TraceFile
internal import TraceModel

/// The wakeup that the lines of a wakeup tracer describe.
///
/// The tracer begins anew with each wakeup of a task that outranks the one it follows, and its
/// buffer may hold several: the one that the header speaks of is as long as the header says.
struct TracedWakeup {
  /// The woken task by its line, nil without one.
  var task: TaskIdentity?
  /// The line of the wakeup, where there are several and one fits the header.
  var begin: TraceEvent?
  /// The functions of the stack that the tracer writes after the switch, innermost first.
  var endStack: [String] = []
  /// Where the lines of that wakeup begin.
  private var from: UInt64 = 0
  /// Priorities by the lines of the tracer.
  private var priorities: [Int32: Int32] = [:]

  /// A line of the tracer, `PID:PRIO:STATE + [CPU] PID:PRIO:STATE COMM`.
  private struct Line {
    var isWakeup: Bool
    var previous: Int32
    var previousPriority: Int32
    var state: String
    var next: TaskIdentity
    var nextPriority: Int32
    var cpu: Int?

    init?(_ event: TraceEvent) {
      guard case .other(let other) = event.payload, other.system == "ftrace",
        other.name == "wakeup" || other.name == "context_switch"
      else { return nil }
      func value(_ name: String) -> String {
        other.fields.first { $0.name == name }?.value ?? ""
      }
      guard let nextPid = Int32(value("next_pid")), let nextPriority = Int32(value("next_prio")),
        let pid = Int32(value("prev_pid")), let priority = Int32(value("prev_prio"))
      else { return nil }
      isWakeup = other.name == "wakeup"
      previous = pid
      previousPriority = priority
      state = value("prev_state")
      next = TaskIdentity(pid: nextPid, comm: value("next_comm"))
      self.nextPriority = nextPriority
      cpu = Int(value("next_cpu"))
    }
  }

  init(_ timeline: Timeline, header: LatencyHeader) {
    let events = timeline.cpus.flatMap(\.events).sorted { $0.position < $1.position }
    var open: TraceEvent?
    var pairs: [(wake: TraceEvent, switched: TraceEvent)] = []
    var wakeups = 0
    var stackAfter: TraceEvent?
    for event in events {
      if case .stack(let frames) = event.payload, stackAfter?.cpu == event.cpu {
        endStack = frames.map(\.symbol)
      }
      guard let line = Line(event) else { continue }
      priorities[line.previous] = line.previousPriority
      priorities[line.next.pid] = line.nextPriority
      guard line.next.pid == header.task?.pid ?? line.next.pid else { continue }
      if line.isWakeup {
        wakeups += 1
        open = event
        stackAfter = nil
        task = line.next
      } else {
        if let wake = open { pairs.append((wake, event)) }
        open = nil
        stackAfter = event
        endStack = []
      }
    }
    guard wakeups > 1 else { return }
    func miss(_ pair: (wake: TraceEvent, switched: TraceEvent)) -> Int64 {
      Int64(clamping: (pair.switched.time - pair.wake.time - header.latency).count.magnitude)
    }
    // Of equal ones the last: the tracer stops there.
    guard let best = pairs.reversed().min(by: { miss($0) < miss($1) }) else { return }
    begin = best.wake
    from = best.wake.position
  }

  /// The timeline with the tracer's lines as the scheduler's events that they represent.
  ///
  /// A hand-over that no line reports, but the task column, is a switch where the new task writes
  /// its first line; only where the lines report the priorities of both tasks.
  func schedulerEvents(_ timeline: Timeline) -> Timeline {
    var result = timeline
    for index in result.cpus.indices {
      var events: [TraceEvent] = []
      events.reserveCapacity(result.cpus[index].events.count)
      var current: Int32?
      for var event in result.cpus[index].events {
        guard event.position >= from else {
          events.append(event)
          current = event.pid
          continue
        }
        let line = Line(event)
        if let last = current, event.pid != last, !event.context.inHardIRQ,
          let switched = handOver(last, to: event, timeline)
        {
          events.append(switched)
        }
        current = event.pid
        if let line {
          event.payload = payload(line, timeline, result.cpus[index].cpu)
          if !line.isWakeup { current = line.next.pid }
        }
        events.append(event)
      }
      result.cpus[index].events = events
    }
    return result
  }

  private func payload(_ line: Line, _ timeline: Timeline, _ cpu: Int) -> EventPayload {
    guard !line.isWakeup else {
      return .waking(
        WakeEvent(
          task: line.next, priority: KernelPriority(line.nextPriority),
          targetCPU: line.cpu ?? cpu))
    }
    return .switched(
      SwitchEvent(
        previous: timeline.task(line.previous),
        previousPriority: KernelPriority(line.previousPriority),
        previousState: line.state.hasPrefix("R") ? .runnable : .blocked(line.state),
        next: line.next, nextPriority: KernelPriority(line.nextPriority)))
  }

  private func handOver(
    _ last: Int32, to event: TraceEvent, _ timeline: Timeline
  ) -> TraceEvent? {
    // A switch is written before it is done: the task that leaves may have lines after it.
    guard last != task?.pid, event.pid != task?.pid, let old = priorities[last],
      let new = priorities[event.pid]
    else { return nil }
    var switched = event
    switched.pid = last
    switched.payload = .switched(
      SwitchEvent(
        previous: timeline.task(last), previousPriority: KernelPriority(old),
        previousState: .runnable, next: timeline.task(event.pid),
        nextPriority: KernelPriority(new)))
    return switched
  }
}
