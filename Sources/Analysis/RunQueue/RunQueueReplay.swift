public import TraceModel

/// Replays the scheduler's events of all CPUs in order of time and finds who waited for a CPU, for
/// how long, and behind whom.
///
/// Bounded memory: one record a task that was seen, a ring of slices a CPU. Feed `apply(_:)`, then
/// take the results.
public struct RunQueueReplay {
  /// Which rows are wanted.
  public internal(set) var filter: RunQueueFilter
  let labels: LabelTable
  /// Index in `tasks` by thread id, -1 for none.
  var slots: [Int32] = []
  var tasks: [TaskState] = []
  private(set) var histories: [CPUHistory] = []
  var pending: [RunQueueWait] = []
  var pendingWarnings: [IdentityWarning] = []
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
  /// From when on all events are known: the first one, or where events were lost last.
  public private(set) var knownSince = Int64.min
  /// Rows whose list of CPU users was cut, to keep up with the trace.
  public private(set) var shortenedLists: UInt64 = 0
  /// Switches that the trace does not hold, found by the task of the events after them.
  public private(set) var unrecordedSwitches: UInt64 = 0
  /// Stamps of the first and the last event.
  public private(set) var firstTime: Int64?
  /// Stamp of the latest event.
  public private(set) var lastTime: Int64 = 0
  private var budgetStart: Int64 = 0
  private var budgetUsed = 0
  private static let budget = 4_000_000
  /// Thread ids beyond this are taken as damage.
  public static let highestPid: Int32 = 1 << 22
  static let mostWarnings = 100
  var hasRenames = false
  var warnedPids: Set<Int32> = []

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
  @_optimize(speed) public mutating func apply(_ event: RunQueueEvent) {
    var event = event
    // No clock of the kernel is after 0: any two stamps have a difference.
    event.time = max(0, event.time)
    eventCount += 1
    if firstTime == nil {
      firstTime = event.time
      knownSince = event.time
    }
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
      tracker.enter(
        event, runner: TaskIdentity(pid: event.pid, comm: name(event.pid)), labels: labels)
      histories[cpu].push(.init(kind: .softirq, number: event.target), at: event.time)
    case .softirqExit:
      tracker.exit(event)
      histories[cpu].pop(.softirq, event.target, 0, at: event.time)
    case .functionEntry:
      // Only softirqs are reported by function: elsewhere these events say nothing of who runs.
      guard let top = histories[cpu].frames.last, top.kind == .softirq, top.label == 0 else {
        break
      }
      tracker.enterFunction(event)
      histories[cpu].push(
        .init(kind: .softirq, number: top.number, label: event.label), at: event.time)
    case .functionExit:
      guard let top = histories[cpu].frames.last, top.kind == .softirq, top.label != 0 else {
        break
      }
      tracker.exitFunction(event, labels: labels)
      histories[cpu].pop(.softirq, top.number, top.label, at: event.time)
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
      if let index = slot(event.task) { tasks[index].renames = min(2, tasks[index].renames + 1) }
    case .waited: add(event, details: nil)
    case .lost: lost(event, cpu)
    case .timerArmed, .timerExpired, .timerDone, .idle, .callSent, .callTaken, .blockedReason,
      .pageFault, .irqsDisabled, .irqsEnabled, .preemptDisabled, .preemptEnabled, .function:
      break
    }
  }

  /// Every event reports the task that is current: where it is not the one that the last switch let
  /// run, a switch is missing.
  ///
  /// Kernels do not trace the switch out of the idle task on each CPU. It came after the CPU's
  /// previous event, so the wait is taken to have ended there: what is reported of it is proven,
  /// more is not.
  @_optimize(speed) private mutating func notice(_ event: RunQueueEvent, _ cpu: Int) {
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

  @_optimize(speed) private func startOfWait(_ pid: Int32) -> Int64 {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return .min }
    return tasks[Int(slots[Int(pid)])].waitStart
  }

  @_optimize(speed) private func priority(_ pid: Int32) -> Int32 {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return 120 }
    return tasks[Int(slots[Int(pid)])].priority
  }

  @_optimize(speed) private mutating func switched(_ event: RunQueueEvent, _ cpu: Int) {
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
        // Woken on the way out: the waker saw it asleep before the switch was written.
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

  @_optimize(speed) private mutating func finish(
    _ index: Int, start: Int64, _ event: RunQueueEvent, _ cpu: Int
  ) {
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

  /// Adds a wait that the kernel measured (`Kind.waited`) to the statistics and, where it is long
  /// enough, to the rows.
  ///
  /// - Parameter details: The same wait as a replay of all events reported it, with what the
  ///   kernel's record does not hold.
  public mutating func add(_ event: RunQueueEvent, details: RunQueueWait?) {
    guard event.task != 0, let index = slot(event.task) else { return }
    learn(index, event.name, event.time)
    let cpu = Int(event.cpu)
    let latency = Nanoseconds(max(0, event.value))
    guard isWanted(tasks[index]), filter.cpus?.contains(cpu) ?? true else { return }
    tasks[index].statistics.add(latency)
    total.add(latency)
    histogram.add(latency)
    perCPU[cpu, default: LatencyStatistics()].add(latency)
    guard latency >= filter.threshold else { return }
    let cause: RunQueueWait.Cause =
      event.target == 0 ? .woken : event.target == 1 ? .preempted : .new
    pending.append(
      details
        ?? RunQueueWait(
          task: TaskIdentity(pid: event.task, comm: event.name.text),
          priority: KernelPriority(event.priority), cpu: cpu,
          span: TimeSpan(
            Nanoseconds(event.time &- latency.count), Nanoseconds(event.time)),
          cause: cause, waker: nil, behind: []))
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
    // Moved once: the first part was spent on another CPU's queue. More moves are reported by
    // number only.
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

  private mutating func lost(_ event: RunQueueEvent, _ cpu: Int) {
    lostMarks += 1
    knownSince = max(knownSince, event.time)
    if event.value > 0 {
      let (sum, overflow) = lostEvents.addingReportingOverflow(UInt64(event.value))
      lostEvents = overflow ? .max : sum
    }
    histories[cpu].forget(at: event.time)
    // A wakeup or a switch may be missing for any task: a wait that spans the hole may be none.
    for index in tasks.indices where tasks[index].waitStart != .min {
      tasks[index].waitStart = .min
      droppedWaits += 1
    }
    tracker.forget()
    chains?.forget()
  }
}
