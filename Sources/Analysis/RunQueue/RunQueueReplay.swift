public import TraceModel

/// Replays the scheduler's events of all CPUs in order of time and finds who waited for a CPU, for how long and behind whom.
///
/// Bounded memory: one record a task that was seen, a ring of slices a CPU. Feed `apply(_:)`, then take the results.
public struct RunQueueReplay {
  /// Which rows are wanted.
  public private(set) var filter: RunQueueFilter
  let labels: LabelTable
  /// Index in `tasks` by thread id, -1 for none.
  private var slots: [Int32] = []
  private(set) var tasks: [TaskState] = []
  private(set) var histories: [CPUHistory] = []
  private var pending: [RunQueueWait] = []
  private var pendingWarnings: [IdentityWarning] = []
  var tracker: WorkTracker
  var chains: ChainRecorder?

  /// All waits of the wanted tasks.
  public private(set) var total = LatencyStatistics()
  /// Their histogram.
  public private(set) var histogram = OctaveHistogram()
  /// By CPU that was got.
  public private(set) var perCPU: [Int: LatencyStatistics] = [:]
  /// Events applied.
  public private(set) var eventCount: UInt64 = 0
  /// Switches among them.
  public private(set) var switchCount: UInt64 = 0
  /// Events that the buffers lost, as far as their number was stored.
  public private(set) var lostEvents: UInt64 = 0
  /// How often events were lost.
  public private(set) var lostMarks: UInt64 = 0
  /// Waits whose start was dropped because events were lost meanwhile.
  public private(set) var droppedWaits: UInt64 = 0
  /// Events that were older than one applied before them.
  public private(set) var lateEvents: UInt64 = 0
  /// Rows whose list of CPU users was cut, to keep up with the trace.
  public private(set) var shortenedLists: UInt64 = 0
  /// Switches that the trace does not hold, found by the task of the events behind them.
  public private(set) var unrecordedSwitches: UInt64 = 0
  /// Stamps of the first and the last event.
  public private(set) var firstTime: Int64?
  /// Stamp of the latest event.
  public private(set) var lastTime: Int64 = 0
  private var budgetStart: Int64 = 0
  private var budgetUsed = 0
  private static let budget = 4_000_000
  /// Thread ids beyond this are taken as damage.
  private static let highestPid: Int32 = 1 << 22
  private static let mostWarnings = 100
  private var hasRenames = false
  private var warnedPids: Set<Int32> = []

  /// Makes a replay; `labels` is shared with the maker of the events.
  public init(
    filter: RunQueueFilter, labels: LabelTable, recordsChains: Bool = false, root: Int32? = nil
  ) {
    self.filter = filter
    self.labels = labels
    tracker = WorkTracker()
    if recordsChains { chains = ChainRecorder(root: root, threshold: filter.threshold) }
  }

  /// The rows found since the last call, in order of their end.
  public mutating func takeWaits() -> [RunQueueWait] {
    defer { pending.removeAll(keepingCapacity: true) }
    return pending
  }

  /// The identity warnings since the last call.
  public mutating func takeWarnings() -> [IdentityWarning] {
    defer { pendingWarnings.removeAll(keepingCapacity: true) }
    return pendingWarnings
  }

  /// The finished work items and softirqs since the last call.
  public mutating func takeDeferred() -> [DeferredWait] { tracker.take() }

  /// Statistics of every task that waited, largest maximum first.
  public var perTask: [(task: TaskIdentity, statistics: LatencyStatistics)] {
    tasks.filter { $0.statistics.count > 0 && isWanted($0) }.map {
      (TaskIdentity(pid: $0.pid, comm: $0.name.text), $0.statistics)
    }.sorted {
      ($0.statistics.maximum, $1.task.pid) > ($1.statistics.maximum, $0.task.pid)
    }
  }

  // MARK: events

  /// Takes the next event; they should come in order of time over all CPUs.
  public mutating func apply(_ event: RunQueueEvent) {
    eventCount += 1
    if firstTime == nil { firstTime = event.time }
    if event.time < lastTime { lateEvents += 1 } else { lastTime = event.time }
    let cpu = Int(event.cpu)
    guard cpu >= 0, cpu <= CPUSet.highest else { return }
    while histories.count <= cpu { histories.append(CPUHistory()) }
    notice(event, cpu)
    switch event.kind {
    case .switched: switched(event, cpu)
    case .waking: waking(event, cpu)
    case .wakeup:
      if let index = slot(event.task), tasks[index].waitStart != .min,
        tasks[index].enqueued == 0
      {
        tasks[index].enqueued = event.time
      }
    case .wakeupNew: wokenNew(event, cpu)
    case .migrate: migrate(event)
    case .irqEntry:
      histories[cpu].push(
        .init(kind: .irq, number: event.target, label: event.label), at: event.time)
    case .irqExit: histories[cpu].pop(.irq, event.target, 0, at: event.time)
    case .vectorEntry:
      histories[cpu].push(.init(kind: .irq, number: -1, label: event.label), at: event.time)
    case .vectorExit: histories[cpu].pop(.irq, -1, event.label, at: event.time)
    case .softirqRaise: tracker.raise(event)
    case .softirqEntry:
      tracker.enter(event, runner: TaskIdentity(pid: event.pid, comm: name(event.pid)))
      histories[cpu].push(.init(kind: .softirq, number: event.target), at: event.time)
    case .softirqExit:
      tracker.exit(event)
      histories[cpu].pop(.softirq, event.target, 0, at: event.time)
    case .workQueue:
      tracker.queue(event, by: TaskIdentity(pid: event.pid, comm: name(event.pid)))
      chains?.queued(event)
    case .workActivate: tracker.activate(event)
    case .workStart:
      let item = tracker.start(
        event, worker: TaskIdentity(pid: event.pid, comm: name(event.pid)), labels: labels)
      chains?.started(event, item)
    case .workEnd:
      let item = tracker.end(event)
      chains?.ended(event, item)
    case .syscallEnter: chains?.entered(event, label: labels.text(event.label))
    case .syscallExit:
      let comm = name(event.pid)
      chains?.left(event, comm: comm)
    case .fork: forked(event)
    case .rename:
      hasRenames = true
      if let index = slot(event.task) { tasks[index].mayRename = true }
    case .lost: lost(event, cpu)
    }
  }

  /// Every event tells the task that is current: where it is not the one that the last switch let run, a switch is missing.
  ///
  /// Kernels do not trace the switch out of the idle task on each CPU. It came after the CPU's previous event, so the wait is
  /// taken to have ended there: what is told of it is proven, more is not.
  private mutating func notice(_ event: RunQueueEvent, _ cpu: Int) {
    let pid = event.kind == .switched ? event.task : event.pid
    guard event.kind != .lost, pid >= 0 else { return }
    let known = histories[cpu].task
    defer { histories[cpu].latest = max(event.time, histories[cpu].latest) }
    guard known.kind != .unknown, known.number != pid else { return }
    unrecordedSwitches += 1
    var missing = RunQueueEvent(
      kind: .switched, time: min(event.time, max(histories[cpu].latest, startOfWait(pid))),
      cpu: event.cpu, pid: known.number)
    missing.task = known.number
    missing.name = known.name
    missing.other = pid
    missing.otherName = event.kind == .switched ? event.name : taskName(pid)
    missing.otherPriority = event.kind == .switched ? event.priority : priority(pid)
    switched(missing, cpu)
  }

  private func startOfWait(_ pid: Int32) -> Int64 {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return .min }
    return tasks[Int(slots[Int(pid)])].waitStart
  }

  private func priority(_ pid: Int32) -> Int32 {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return 120 }
    return tasks[Int(slots[Int(pid)])].priority
  }

  private mutating func switched(_ event: RunQueueEvent, _ cpu: Int) {
    switchCount += 1
    let time = event.time
    histories[cpu].run(
      Self.occupant(event.other, event.otherName), at: time,
      leaving: Self.occupant(event.task, event.name))
    if event.task != 0, let index = slot(event.task) {
      learn(index, event.name, time)
      tasks[index].isRunning = false
      if event.isRunnable {
        tasks[index].waitStart = time
        tasks[index].enqueued = time
        tasks[index].cause = 1
        tasks[index].wakerPid = -1
        begin(index, event.cpu)
      } else if tasks[index].waitStart != .min {
        // Woken on its way out: the waker saw it asleep before the switch was written.
        tasks[index].waitStart = max(tasks[index].waitStart, time)
        begin(index, event.cpu)
      }
      if event.isEnding {
        tasks[index].hasEnded = true
        tasks[index].waitStart = .min
        chains?.ended(task: event.task)
      }
      chains?.leaves(event)
    }
    guard event.other != 0, let index = slot(event.other) else { return }
    learn(index, event.otherName, time)
    tasks[index].isRunning = true
    let start = tasks[index].waitStart
    guard start != .min else {
      chains?.comes(event, wait: nil)
      return
    }
    tasks[index].waitStart = .min
    finish(index, start: start, event, cpu)
  }

  private mutating func finish(_ index: Int, start: Int64, _ event: RunQueueEvent, _ cpu: Int) {
    let latency = Nanoseconds(max(0, event.time - start))
    let wanted = isWanted(tasks[index]) && (filter.cpus?.contains(cpu) ?? true)
    if wanted {
      tasks[index].statistics.add(latency)
      total.add(latency)
      histogram.add(latency)
      perCPU[cpu, default: LatencyStatistics()].add(latency)
    }
    if tasks[index].name.isWorker { tracker.waited(event.other, from: start, to: event.time) }
    let isRow = wanted && latency >= filter.threshold
    guard isRow || (chains?.wants(latency) ?? false) else {
      if chains != nil {
        let short = wait(index, start: start, event, cpu, behind: [])
        chains?.comes(event, wait: short)
      }
      return
    }
    let row = wait(
      index, start: start, event, cpu, behind: behind(index, start: start, end: event.time, cpu))
    if isRow { pending.append(row) }
    chains?.comes(event, wait: row)
    if tasks[index].name.isWorker { tracker.explained(event.other, row) }
  }

  private func wait(
    _ index: Int, start: Int64, _ event: RunQueueEvent, _ cpu: Int, behind: [BehindEntry]
  ) -> RunQueueWait {
    let task = tasks[index]
    let cause: RunQueueWait.Cause = task.cause == 0 ? .woken : task.cause == 1 ? .preempted : .new
    return RunQueueWait(
      task: TaskIdentity(pid: task.pid, comm: task.name.text),
      priority: KernelPriority(event.otherPriority), cpu: cpu,
      span: TimeSpan(Nanoseconds(start), Nanoseconds(event.time)),
      enqueued: cause != .preempted && task.enqueued != 0 ? Nanoseconds(task.enqueued) : nil,
      cause: cause,
      waker: cause == .preempted || task.wakerPid < 0
        ? nil
        : Waker(
          task: TaskIdentity(pid: task.wakerPid, comm: task.wakerName.text),
          context: task.wakerContext == 0
            ? .task
            : task.wakerContext == 1
              ? .interrupt(labels.text(task.wakerLabel))
              : .softirq(
                task.wakerLabel < 0
                  ? "" : SoftirqVector.name(of: UInt32(bitPattern: task.wakerLabel)))),
      behind: behind, migrations: Int(task.migrations))
  }

  /// Who used the CPUs on whose queues the task stood.
  private mutating func behind(
    _ index: Int, start: Int64, end: Int64, _ cpu: Int
  ) -> [BehindEntry] {
    if end - budgetStart > 1_000_000_000 || end < budgetStart {
      budgetStart = end
      budgetUsed = 0
    }
    let limit = budgetUsed > Self.budget ? 32 : 4_096
    var list = BehindList()
    var from = start
    let task = tasks[index]
    // Moved once: the first part was spent on another CPU's queue. More moves are told by number only.
    if task.firstCPU >= 0, task.firstCPU != Int32(cpu), task.firstCPUEnd > start,
      histories.indices.contains(Int(task.firstCPU))
    {
      from = min(task.firstCPUEnd, end)
      budgetUsed += histories[Int(task.firstCPU)].visit(start, from, limit: limit) { list.add($0) }
    }
    let visited = histories[cpu].visit(from, end, limit: limit) { slice in list.add(slice) }
    budgetUsed += visited
    if visited >= limit { shortenedLists += 1 }
    return list.entries(length: max(0, end - start), labels: labels)
  }

  private mutating func waking(_ event: RunQueueEvent, _ cpu: Int) {
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

  private mutating func noteWaker(_ index: Int, _ event: RunQueueEvent, _ cpu: Int) {
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

  private mutating func wokenNew(_ event: RunQueueEvent, _ cpu: Int) {
    guard event.task != 0, let index = slot(event.task) else { return }
    // Whoever had the id before has ended.
    tasks[index].mayRename = true
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
  private mutating func begin(_ index: Int, _ cpu: Int32) {
    tasks[index].queueCPU = cpu
    tasks[index].migrations = 0
    tasks[index].firstCPU = -1
  }

  private mutating func migrate(_ event: RunQueueEvent) {
    guard let index = slot(event.task), tasks[index].waitStart != .min else { return }
    // The placement at the wake-up itself is no stay on the CPU where it last ran.
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

  private mutating func forked(_ event: RunQueueEvent) {
    if let index = slot(event.task) {
      tasks[index].mayRename = true
      tasks[index].hasEnded = false
    }
    if filter.includesNewThreads, event.target == 1, filter.tids?.contains(event.pid) ?? false {
      filter.tids?.insert(event.task)
    }
    chains?.forked(event)
  }

  private mutating func lost(_ event: RunQueueEvent, _ cpu: Int) {
    lostMarks += 1
    if event.value > 0 { lostEvents += UInt64(event.value) }
    histories[cpu].forget(at: event.time)
    // A wake-up or a switch may be missing for any task: a wait that spans the hole may be none.
    for index in tasks.indices where tasks[index].waitStart != .min {
      tasks[index].waitStart = .min
      droppedWaits += 1
    }
    tracker.forget()
    chains?.forget()
  }

  // MARK: identity

  private static func occupant(_ pid: Int32, _ name: TaskName) -> CPUHistory.Occupant {
    CPUHistory.Occupant(kind: pid == 0 ? .idle : .task, number: pid, name: name)
  }

  private mutating func slot(_ pid: Int32) -> Int? {
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

  func taskName(_ pid: Int32) -> TaskName {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return .none }
    return tasks[Int(slots[Int(pid)])].name
  }

  /// The latest name of a thread, empty where no event told one.
  public func name(_ pid: Int32) -> String { taskName(pid).text }

  /// Names come from the events' own fields alone, never from the task that happens to be current.
  private mutating func learn(_ index: Int, _ name: TaskName, _ time: Int64) {
    guard tasks[index].name != name, !name.isEmpty else { return }
    let known = tasks[index].name
    // A trace without renames cannot tell an exec: then only a name that comes back, or a worker's, contradicts.
    let contradicts =
      hasRenames || tasks[index].formerName == name || known.isWorker || name.isWorker
    if contradicts, !known.isEmpty, !tasks[index].mayRename, !tasks[index].hasEnded,
      pendingWarnings.count < Self.mostWarnings, warnedPids.insert(tasks[index].pid).inserted
    {
      pendingWarnings.append(
        IdentityWarning(
          tid: tasks[index].pid, before: tasks[index].name.text, after: name.text,
          time: Nanoseconds(time)))
    }
    tasks[index].formerName = known
    tasks[index].name = name
    tasks[index].mayRename = false
    tasks[index].hasEnded = false
    if let glob = filter.comm { tasks[index].isWanted = Glob.matches(glob, name.text) }
  }

  private func isWanted(_ task: TaskState) -> Bool {
    task.isWanted && (filter.tids?.contains(task.pid) ?? true)
  }
}
