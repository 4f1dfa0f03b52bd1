internal import Analysis
internal import TraceModel

/// Follows each task between running, waiting for a CPU and uninterruptible sleep.
///
/// Bounded memory: one record a task that was seen.
struct TaskWaits {
  /// What a task is known to be.
  private enum State: UInt8 {
    case unknown, running, woken, preempted, asleep, blocked
  }

  private struct Task {
    var pid: Int32
    var priority: Int32 = 120
    var name = TaskName.none
    var cpu: Int32 = -1
    /// The CPU of the waker, or the one that was lost.
    var origin: Int32 = -1
    var state = State.unknown
    /// Since when it is so; a wakeup by a timer since that was due.
    var since: Int64 = 0
    /// When it was woken.
    var woken: Int64 = 0
  }

  private var slots: [Int32] = []
  private var tasks: [Task] = []

  /// The name that is known of a task, with its id.
  func identity(_ pid: Int32) -> TaskIdentity {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else {
      return TaskIdentity(pid: pid, comm: "")
    }
    return TaskIdentity(pid: pid, comm: tasks[Int(slots[Int(pid)])].name.text)
  }

  /// Whether the task is one that runs softirqs.
  @_optimize(speed) func runsSoftirqs(_ pid: Int32) -> Bool {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return false }
    let low = tasks[Int(slots[Int(pid)])].name.low
    return low == Self.ksoftirqd || low == Self.ktimers
  }

  private static let ksoftirqd = TaskName("ksoftirqd").low
  private static let ktimers = TaskName("ktimers/0").low

  /// Its kernel priority, that of a normal task where none is known.
  func priority(_ pid: Int32) -> Int32 {
    guard pid > 0, Int(pid) < slots.count, slots[Int(pid)] >= 0 else { return 120 }
    return tasks[Int(slots[Int(pid)])].priority
  }

  /// Takes a priority; one that no kernel gives is not known.
  @_optimize(speed) private mutating func learn(
    _ index: Int, _ priority: Int32, _ name: TaskName
  ) {
    if priority >= -1, priority <= 140 { tasks[index].priority = priority }
    if !name.isEmpty { tasks[index].name = name }
  }

  /// The task's place; nil for the idle tasks and for ids that no kernel gives.
  @_optimize(speed) private mutating func slot(_ pid: Int32) -> Int? {
    guard pid > 0, pid <= RunQueueReplay.highestPid else { return nil }
    let place = Int(pid)
    if place >= slots.count {
      slots.append(contentsOf: repeatElement(-1, count: max(place + 1, 4_096) - slots.count))
    }
    if slots[place] < 0 {
      slots[place] = Int32(tasks.count)
      tasks.append(Task(pid: pid))
    }
    return Int(slots[place])
  }

  /// sched_switch
  @_optimize(speed) mutating func switched(_ event: RunQueueEvent, _ tops: inout LatenessTops) {
    if let index = slot(event.task) {
      let wasWoken = tasks[index].state == .woken
      learn(index, event.priority, event.name)
      tasks[index].cpu = event.cpu
      tasks[index].origin = event.cpu
      tasks[index].since = event.time
      if event.isRunnable {
        tasks[index].state = .preempted
      } else if event.isEnding {
        tasks[index].state = .unknown
      } else if wasWoken {
        // The waker saw it asleep before its switch was written.
        tasks[index].state = .woken
        tasks[index].woken = event.time
      } else {
        tasks[index].state = event.isBlocked ? .blocked : .asleep
      }
    }
    guard let index = slot(event.other) else { return }
    learn(index, event.otherPriority, event.otherName)
    runs(index, at: event.time, cpu: event.cpu, &tops)
  }

  /// The task runs: what it waited for is over.
  @_optimize(speed) private mutating func runs(
    _ index: Int, at time: Int64, cpu: Int32, _ tops: inout LatenessTops
  ) {
    let task = tasks[index]
    tasks[index].state = .running
    tasks[index].cpu = cpu
    guard task.state == .woken || task.state == .preempted else { return }
    offer(task, until: time, cpu: cpu, isOpen: false, &tops)
  }

  private func offer(
    _ task: Task, until time: Int64, cpu: Int32, isOpen: Bool, _ tops: inout LatenessTops
  ) {
    let kind: LatenessKind =
      switch task.state {
      case .woken: .wakeup
      case .blocked: .blocked
      default: .preempted
      }
    let length = time &- task.since
    let isRealtime = KernelPriority(task.priority).isKnownRealtime
    let key = Int64(task.pid)
    guard length >= 0, tops.wants(kind, length, isRealtime: isRealtime, key: key) else { return }
    var candidate = LatenessCandidate(
      kind: kind, span: TimeSpan(Nanoseconds(task.since), Nanoseconds(time)), cpu: Int(cpu),
      victim: TaskIdentity(pid: task.pid, comm: task.name.text),
      priority: KernelPriority(task.priority))
    candidate.origin = Int(task.origin)
    candidate.isOpen = isOpen
    if kind == .wakeup { candidate.waking = Nanoseconds(task.woken) }
    tops.keep(candidate, isRealtime: isRealtime, key: key)
  }

  /// An event says that the task is the current one although no switch to it is recorded: it has
  /// run since the CPU's event before, at the latest.
  @_optimize(speed) mutating func isCurrent(
    _ pid: Int32, after last: Int64, cpu: Int32, _ tops: inout LatenessTops
  ) {
    guard let index = slot(pid), tasks[index].state != .running else { return }
    // Kernels that hide switches may hide that it slept, too: of a sleeper nothing is known.
    guard tasks[index].state == .woken || tasks[index].state == .preempted else {
      tasks[index].state = .running
      return
    }
    runs(index, at: max(last, tasks[index].since, tasks[index].woken), cpu: cpu, &tops)
  }

  /// sched_waking, sched_wakeup or sched_wakeup_new; `due` is when the timer that woke it was due.
  @_optimize(speed) mutating func woken(
    _ event: RunQueueEvent, due: Int64?, _ tops: inout LatenessTops
  ) {
    guard let index = slot(event.task) else { return }
    learn(index, event.priority, event.name)
    switch tasks[index].state {
    case .woken, .preempted: return
    case .running where event.kind != .wakeupNew:
      // What is still on its CPU goes on running, or its switch is on the way.
      tasks[index].woken = event.time
      return
    case .blocked:
      offer(tasks[index], until: event.time, cpu: tasks[index].cpu, isOpen: false, &tops)
    default: break
    }
    tasks[index].state = .woken
    tasks[index].woken = event.time
    tasks[index].since = min(due ?? event.time, event.time)
    tasks[index].origin = event.cpu
    if tasks[index].cpu < 0 || event.kind != .waking { tasks[index].cpu = event.target }
  }

  /// The task went to another CPU's queue.
  mutating func migrated(_ event: RunQueueEvent) {
    if let index = slot(event.task) { tasks[index].cpu = event.target }
  }

  /// Events were lost: where everybody is is not known any more.
  mutating func forget() {
    for index in tasks.indices { tasks[index].state = .unknown }
  }

  /// The trace ends: who still waits has waited until then.
  ///
  /// - Parameters:
  ///   - time: The last event of all.
  ///   - latest: The last event of a CPU; after that nobody saw who got it.
  func finish(at time: Int64, latest: (Int32) -> Int64, _ tops: inout LatenessTops) {
    for task in tasks {
      switch task.state {
      case .woken, .preempted:
        let end = latest(task.cpu)
        guard end > task.since else { continue }
        offer(task, until: end, cpu: max(task.cpu, 0), isOpen: true, &tops)
      case .blocked: offer(task, until: time, cpu: max(task.cpu, 0), isOpen: true, &tops)
      default: continue
      }
    }
  }
}
