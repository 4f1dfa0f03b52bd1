internal import TraceModel

extension RunQueueReplay {
  @_optimize(speed) mutating func waking(_ event: RunQueueEvent, _ cpu: Int) {
    guard event.task != 0, let index = slot(event.task) else { return }
    learn(index, event.name, event.time)
    tasks[index].waitStart = event.time
    tasks[index].priority = event.priority
    tasks[index].enqueued = 0
    tasks[index].cause = 0
    begin(index, event.target)
    noteWaker(index, event, cpu)
    let context = tasks[index].wakerContext
    chains?.woken(event, context: context)
  }

  @_optimize(speed) private mutating func noteWaker(
    _ index: Int, _ event: RunQueueEvent, _ cpu: Int
  ) {
    tasks[index].wakerPid = event.pid
    tasks[index].wakerName = event.pid == 0 ? .none : taskName(event.pid)
    let context = EventContext(flags: event.flags, preemptCount: 0)
    let frames = histories[cpu].frames
    if context.inHardIRQ || context.inNMI {
      tasks[index].wakerContext = 1
      tasks[index].wakerLabel = frames.last { $0.kind == .irq }?.label ?? 0
    } else if let top = frames.last, top.kind == .softirq {
      // The flag is set too where bottom halves are only disabled, so the events decide.
      tasks[index].wakerContext = 2
      tasks[index].wakerLabel = top.number
    } else if let top = frames.last, top.kind == .irq {
      tasks[index].wakerContext = 1
      tasks[index].wakerLabel = top.label
    } else {
      tasks[index].wakerContext = event.pid == 0 ? 1 : 0
      tasks[index].wakerLabel = 0
    }
  }

  mutating func wokenNew(_ event: RunQueueEvent, _ cpu: Int) {
    guard event.task != 0, let index = slot(event.task) else { return }
    // Whoever had the id before has ended.
    tasks[index].renames = max(1, tasks[index].renames)
    tasks[index].hasEnded = false
    learn(index, event.name, event.time)
    tasks[index].waitStart = event.time
    tasks[index].enqueued = event.time
    tasks[index].cause = 2
    begin(index, event.target)
    noteWaker(index, event, cpu)
    chains?.woken(event, context: 0)
  }

  /// Begins the bookkeeping of queues of a wait.
  @_optimize(speed) mutating func begin(_ index: Int, _ cpu: Int32) {
    tasks[index].queueCPU = cpu
    tasks[index].migrations = 0
    tasks[index].firstCPU = -1
  }

  @_optimize(speed) mutating func migrate(_ event: RunQueueEvent) {
    guard let index = slot(event.task), tasks[index].waitStart != .min else { return }
    // The placement at the wakeup itself is not a stay on the CPU where it last ran.
    let placed = event.time - tasks[index].waitStart > 20_000 || tasks[index].cause == 1
    if placed {
      if tasks[index].migrations == 0 {
        tasks[index].firstCPU = tasks[index].queueCPU
        tasks[index].firstCPUEnd = event.time
      }
      tasks[index].migrations += 1
    }
    tasks[index].queueCPU = event.target
  }

  mutating func forked(_ event: RunQueueEvent) {
    if let index = slot(event.task) {
      tasks[index].renames = max(1, tasks[index].renames)
      tasks[index].hasEnded = false
    }
    if filter.includesNewThreads, event.target == 1, filter.tids?.contains(event.pid) ?? false {
      filter.tids?.insert(event.task)
    }
    chains?.forked(event)
  }
}
