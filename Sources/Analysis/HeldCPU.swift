import TraceModel

/// The task that the wakeup found on the CPU kept it although the measured thread was more urgent.
///
/// Who comes after the first switch was chosen by the scheduler; what is before it is the held
/// time. Where the switch is not recorded, the thread's own first event ends it, and more is asked
/// for: the interrupt that woke the thread must have come while the task had preemption disabled.
struct HeldCPU: Sendable {
  /// The task that ran.
  var blocker: TaskIdentity
  /// From the wakeup to the first switch.
  var span: TimeSpan
  /// The blocker's own time in it.
  var spans: [TimeSpan]
  /// The first switch; where it is not recorded, the thread's own first event.
  var switched: TraceEvent
  /// The entry of the interrupt that woke the thread, where it shows that the interrupted code had
  /// preemption disabled and the switch is not recorded.
  var disabled: TraceEvent?
  /// Whether the blocker was preempted in the kernel by that switch (`R+`).
  var wasPreempted: Bool
  /// The first event that shows need-resched set.
  var pending: TraceEvent?
  /// The code that the wakeup interrupted, where that was the blocker's.
  var code: InterruptedCode?
  /// The blocker's own frames in each stack that was written while it ran, innermost first.
  var samples: [[CodeLocation]]
  /// Work items that the blocker ended meanwhile.
  var works: [TraceEvent]
  /// Whether only user space was seen, which is left at once.
  var isUserOnly: Bool

  /// Whether the lines of a wakeup tracer say who ran.
  var isTraced = false
  /// Where most of the time went by, by the lines of a function tracer.
  var traced: TracedCalls.Place?

  /// Its own time.
  var net: Nanoseconds { Spans.length(spans) }

  init?(_ spike: SpikeCase) {
    let waiting = spike.waiting
    let waking = spike.times.wakingEvent
    guard waiting.length >= spike.floor, waking != nil || spike.isWokenUnseen,
      let end = Self.tracedEnd(spike) ?? Self.recordedEnd(spike)
        ?? waking.flatMap({ Self.ownEnd(spike, $0) })
    else { return nil }
    blocker = end.blocker
    switched = end.event
    disabled = end.disabled
    wasPreempted = end.wasPreempted
    guard !blocker.isIdle || end.isTraced, blocker.pid != spike.sample.task.pid else { return nil }
    let span = TimeSpan(max(end.start ?? waiting.start, waiting.start), end.event.time)
    let pid = blocker.pid
    let isIdle = blocker.isIdle
    let ours = spike.priority
    spans = spike.replay.spans(in: span) { slice in
      // While it is boosted to the thread's priority or above it is not held, but preferred.
      if case .task(let task, let priority) = slice.occupant {
        return task.pid == pid && priority.map(ours.outranks) ?? true
      }
      return isIdle && slice.occupant == .idle
    }
    isTraced = end.isTraced
    if end.isTraced {
      traced = TracedCalls(
        spike.events(in: span).filter { $0.pid == pid && !$0.context.inHardIRQ },
        gaps: spike.gaps
      ).place(in: span)
    }
    self.span = span
    let inside = spike.events(in: span)
    let isLazyEnough = !spike.priority.isRealtime
    pending = inside.first {
      $0.context.needResched || (isLazyEnough && $0.context.needReschedLazy)
    }
    code = !spike.isRemote && waking?.pid == pid ? spike.interrupted : nil
    samples = Self.samples(of: pid, in: inside)
    works = inside.filter {
      if case .workEnd = $0.payload { $0.pid == pid } else { false }
    }
    isUserOnly =
      code?.taskFrames.isEmpty == true && !inside.contains { Self.isKernelWork($0, pid: pid) }
    guard net >= spike.floor, disabled == nil || pending != nil else { return nil }
  }

  /// What ended the held time.
  private struct End {
    var event: TraceEvent
    var blocker: TaskIdentity
    var wasPreempted = false
    var disabled: TraceEvent?
    /// Where the blocker got the CPU, nil for the one that had it at the wakeup.
    var start: Nanoseconds?
    var isTraced = false
  }

  /// The switch away from the first task of worth that the thread outranks, by the lines of a
  /// wakeup tracer: the waker may just be giving the CPU to another task when it wakes the thread.
  private static func tracedEnd(_ spike: SpikeCase) -> End? {
    guard spike.isTracedWakeup else { return nil }
    let waiting = spike.waiting
    var start = waiting.start
    for event in spike.events(in: TimeSpan(waiting.start, waiting.end + Nanoseconds(1))) {
      guard case .switched(let change) = event.payload, event.cpu == spike.cpu else { continue }
      if event.time - start >= spike.floor {
        guard spike.priority.outranks(change.previousPriority) else { return nil }
        return End(
          event: event, blocker: change.previous,
          wasPreempted: change.previousState.isRunnable, start: start, isTraced: true)
      }
      start = event.time
    }
    return nil
  }

  /// The first switch on the CPU, away from a task that the thread outranks.
  private static func recordedEnd(_ spike: SpikeCase) -> End? {
    let waiting = spike.waiting
    let reach = TimeSpan(waiting.start, waiting.end + Nanoseconds(1))
    guard
      let event = spike.events(in: reach).first(where: {
        guard case .switched = $0.payload else { return false }
        return $0.cpu == spike.cpu && $0.time >= waiting.start
      }), case .switched(let change) = event.payload,
      spike.priority.outranks(change.previousPriority)
    else { return nil }
    return End(
      event: event, blocker: change.previous, wasPreempted: change.previousState == .preempted)
  }

  /// The thread's own first event, where the interrupt that woke it came out of code with
  /// preemption disabled.
  private static func ownEnd(_ spike: SpikeCase, _ waking: TraceEvent) -> End? {
    guard spike.times.switchedEvent == nil, let event = spike.times.firstOwnEvent,
      !spike.isRemote, waking.context.inHardIRQ, let entry = spike.entryWithoutPreemption,
      // Nobody else and no code that could be preempted was seen meanwhile.
      spike.events(in: TimeSpan(waking.time, event.time)).allSatisfy({
        $0.cpu != spike.cpu
          || ($0.pid == waking.pid && ($0.context.inHardIRQ || $0.context.inSoftIRQ))
      })
    else { return nil }
    let blocker =
      spike.replay.slices.last { $0.task.pid == waking.pid && $0.span.start <= waking.time }?.task
      ?? spike.names.task(waking.pid, at: waking.time)
    return End(event: event, blocker: blocker, disabled: entry)
  }

  /// Whether anything says that the thread was kept from preempting.
  var isForced: Bool { pending != nil || wasPreempted || code?.mode == .kernel }

  /// The blocker's frames in the stacks that were written between two events.
  private static func samples(
    of pid: Int32, in events: some Sequence<TraceEvent>
  ) -> [[CodeLocation]] {
    events.compactMap { event in
      guard event.pid == pid, case .stack(let frames) = event.payload,
        let code = InterruptedCode(stack: frames, task: pid), !code.taskFrames.isEmpty
      else { return nil }
      return code.taskFrames
    }
  }

  /// The innermost function that all samples have in common: what they were all called from answers
  /// for the whole stretch, the innermost one of each only for its moment. nil where there is but
  /// one sample.
  private var common: CodeLocation? {
    guard samples.count > 1, var shared = samples.first.map({ Array($0.reversed()) }) else {
      return nil
    }
    for sample in samples.dropFirst() {
      let outer = Array(sample.reversed())
      let count = zip(shared, outer).prefix { $0.symbol == $1.symbol }.count
      shared.removeSubrange(count...)
    }
    return shared.last {
      !KernelFunctions.isHelper($0.symbol) && !KernelFunctions.isOutermost($0.symbol)
    }
  }

  /// The function that answers for it, or the work's; empty where neither is known.
  ///
  /// The time of softirqs does not belong to the blocker, so their frames never give the name.
  var function: String {
    // One stretch between two lines that is most of the time says more than where the interrupt
    // came.
    if let traced, traced.call != nil { return traced.name }
    if let name = common?.name, !name.isEmpty { return name }
    if let name = code?.responsibleTask?.name, !name.isEmpty { return name }
    if case .workEnd(_, let work) = works.first?.payload { return work.name }
    return traced?.name ?? ""
  }

  /// Whether the event shows that the task was in the kernel after the wakeup.
  private static func isKernelWork(_ event: TraceEvent, pid: Int32) -> Bool {
    guard event.pid == pid, !event.context.inHardIRQ, !event.context.inSoftIRQ else { return false }
    switch event.payload {
    case .switched, .vectorEntry, .vectorExit, .irqEntry, .irqExit, .stack, .wakeup, .waking,
      .softirqRaise, .softirqEntry, .softirqExit, .migrate:
      return false
    default: return true
    }
  }

  /// The events that show it.
  func evidence(_ spike: SpikeCase) -> [Evidence] {
    var evidence: [Evidence] = []
    if let disabled {
      evidence.append(
        Evidence(
          disabled,
          note:
            "preempt depth \(disabled.context.preemptDepth): the interrupted code had preemption disabled"
        ))
    }
    if let pending { evidence.append(Evidence(pending, note: "need-resched is set")) }
    if code?.frames.isEmpty == false, let stack = spike.times.stackEvent {
      let gap = code?.mayLackCaller == true ? "the caller of the first frame may be missing" : ""
      evidence.append(Evidence(stack, note: gap))
    }
    evidence += works.prefix(3).map { Evidence($0) }
    evidence.append(
      disabled == nil
        ? Evidence(switched)
        : Evidence(switched, note: "first event of the thread; the switch to it is not recorded"))
    return evidence.sorted {
      ($0.time ?? .zero, $0.position ?? 0) < ($1.time ?? .zero, $1.position ?? 0)
    }
  }
}
