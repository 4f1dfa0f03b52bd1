import TraceModel

/// A task that ran while the measured thread wanted it.
struct Rival: Sendable {
  /// Who, by the scheduler's own events.
  var task: TaskIdentity
  /// Its priority by the scheduler's events, a boost included.
  var priority: KernelPriority?
  /// When it ran, interrupts taken off.
  var spans: [TimeSpan]
  /// The switches to and from it; where none to it is in the window, its first event stands for its
  /// begin.
  var evidence: [Evidence]
  /// Proven where its leaving was seen.
  var confidence: Confidence
  /// The boost by which it has its priority.
  var boost: TraceEvent?
  /// The class that such a task belongs to; nil where it is not a cause by itself.
  var culprit: CulpritClass?
  /// The timer whose serving thread it kept from the CPU; nil where it kept the measured thread
  /// itself.
  var served: SoftTimer?

  /// Its own time.
  var net: Nanoseconds { Spans.length(spans) }
}

extension SpikeCase {
  /// Tasks other than the measured thread and idle, by the time that they ran while it wanted the
  /// CPU, or while the thread that serves its timer wanted it.
  func findRivals() -> [Rival] {
    var found = rivals(of: sample.task.pid, priority, in: Spans.merged([waiting, afterSwitch]))
    if let timer = softTimer { addRivals(of: timer, to: &found) }
    return found.sorted { ($1.net, $0.task.pid) < ($0.net, $1.task.pid) }
  }

  /// The tasks that kept the thread from the CPU that serves the timer.
  private func addRivals(of timer: SoftTimer, to found: inout [Rival]) {
    guard let thread = timer.thread else { return }
    for (priority, waits) in Dictionary(grouping: timer.all, by: \.priority)
      .sorted(by: { $0.key < $1.key })
    {
      for var rival in rivals(of: thread.pid, priority, in: waits.map(\.span))
      where rival.culprit != nil && rival.task.pid != sample.task.pid {
        rival.served = timer
        rival.evidence = SoftTimer.chain(timer.evidence, around: rival.evidence)
        if timer.raised == nil, timer.woken == nil { rival.confidence = .likely }
        let same = found.firstIndex {
          $0.task.pid == rival.task.pid && $0.priority == rival.priority
            && $0.culprit == rival.culprit
        }
        if let same {
          rival.spans = Spans.merged(rival.spans + found[same].spans)
          rival.confidence = min(rival.confidence, found[same].confidence)
          found[same] = rival
        } else {
          found.append(rival)
        }
      }
    }
  }

  /// The tasks that ran in `wanted`, in which the task `victim` was runnable.
  private func rivals(
    of victim: Int32, _ priority: KernelPriority, in wanted: [TimeSpan]
  ) -> [Rival] {
    struct Key: Hashable {
      var pid: Int32
      var priority: KernelPriority?
    }
    var places: [Key: Int] = [:]
    var found: [Rival] = []
    // A task that renames itself is called by the name under which it ran longest.
    var names: [[String: Nanoseconds]] = []
    // Softirqs in a thread made for them are that thread's own work.
    var threaded: [Int32: [TimeSpan]] = [:]
    for slice in replay.slices {
      guard slice.task.pid != victim else { continue }
      if case .softirq = slice.occupant, KernelTasks.servesInterrupts(slice.task.comm) {
        threaded[slice.task.pid, default: []] += Spans.intersection(wanted, [slice.span])
      }
      guard case .task(let task, let priority) = slice.occupant else { continue }
      let parts = Spans.intersection(wanted, [slice.span])
      guard !parts.isEmpty else { continue }
      let key = Key(pid: task.pid, priority: priority)
      if let place = places[key] {
        found[place].spans += parts
        names[place][task.comm, default: .zero] += Spans.length(parts)
      } else {
        places[key] = found.count
        found.append(
          Rival(
            task: task, priority: priority, spans: parts, evidence: [], confidence: .likely))
        names.append([task.comm: Spans.length(parts)])
      }
    }
    guard !found.isEmpty else { return [] }
    if !threaded.isEmpty {
      var last: [Int32: Int] = [:]
      for index in found.indices { last[found[index].task.pid] = index }
      for (pid, parts) in threaded {
        if let place = last[pid] {
          found[place].spans = Spans.merged(found[place].spans + parts)
        }
      }
    }
    addSwitches(to: &found)
    let boosts = Dictionary(grouping: Boost.all(in: timeline, until: sample.wake), by: \.pid)
    for index in found.indices {
      let pid = found[index].task.pid
      if names[index].count > 1 {
        found[index].task.comm =
          names[index].max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
      }
      if let start = found[index].spans.first?.start {
        if found[index].task.comm.isEmpty {
          found[index].task = self.names.task(pid, at: start)
        }
        if let priority = found[index].priority, let boosts = boosts[pid] {
          found[index].boost = Boost.inForce(boosts, pid: pid, priority: priority, at: start)
        }
      }
      found[index].culprit = culprit(of: found[index], before: priority)
    }
    return found
  }

  /// Whether the events are the lines of a wakeup tracer.
  var isTracedWakeup: Bool {
    sample.source == .tracer && sections.contains(where: \.isWakeup)
  }

  private func addSwitches(to found: inout [Rival]) {
    var seen: [Int32: (first: TraceEvent, last: TraceEvent, left: Bool)] = [:]
    var contexts: [Int32: TraceEvent] = [:]
    let pids = Set(found.map(\.task.pid))
    for event in events {
      if pids.contains(event.pid), contexts[event.pid] == nil { contexts[event.pid] = event }
      guard case .switched(let change) = event.payload else { continue }
      for (pid, left) in [(change.previous.pid, true), (change.next.pid, false)]
      where pids.contains(pid) {
        let entry = seen[pid]
        seen[pid] = (entry?.first ?? event, event, left || (entry?.left ?? false))
      }
    }
    for index in found.indices {
      guard let entry = seen[found[index].task.pid] else { continue }
      if case .switched(let change) = entry.first.payload,
        change.previous.pid == found[index].task.pid,
        let begin = contexts[found[index].task.pid], begin != entry.first
      {
        found[index].evidence.append(Evidence(begin, note: "already running"))
      }
      found[index].evidence.append(Evidence(entry.first))
      if entry.last != entry.first { found[index].evidence.append(Evidence(entry.last)) }
      // A wakeup tracer has no events of interrupts: what lies on top of the task is known by the
      // lines' marks only.
      if entry.left, !isTracedWakeup { found[index].confidence = .proven }
    }
  }

  /// The class of a task that ran in place of one of `priority`.
  private func culprit(of rival: Rival, before priority: KernelPriority) -> CulpritClass? {
    if ownTasks.contains(rival.task.pid) { return .ownOutput }
    guard let theirs = rival.priority?.known, priority.isKnown else { return nil }
    let comm = rival.task.comm
    if theirs.outranks(priority) || (theirs == priority && priority.isRealtime) {
      if KernelTasks.isStopper(comm) { return .stopMachine }
      if rival.boost != nil { return .priorityInversion }
      if theirs.isRealtime {
        if KernelTasks.servesInterrupts(comm) { return .irqThread }
        if KernelTasks.isRCU(comm) { return .rcu }
      }
    }
    if priority.isRealtime {
      if theirs.outranks(priority) { return .higherPriorityTask }
      return theirs == priority ? .samePriorityTask : nil
    }
    return theirs.isRealtime ? .higherPriorityTask : .runQueue
  }
}
