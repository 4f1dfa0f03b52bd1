internal import RingBuffer
internal import TraceModel

/// Makes wakeups of the steps that collectors kept, which come in order of time.
struct WakeupPairing {
  var result = WakeupSearch()
  private var tracker: WakeupTracker
  private let threshold: Nanoseconds
  private let limit: Int

  init(_ decoder: TraceDecoder, _ question: StreamSearch.Question) {
    tracker = WakeupTracker(isTimerClock: decoder.clock == "mono")
    threshold = question.threshold ?? Nanoseconds(-1)
    limit = question.limit
  }

  /// Takes the next step; the collectors know the names.
  mutating func take(_ step: StepCollector.Step, _ collectors: [StepCollector]) {
    switch step.kind {
    case .waking: tracker.waking(step.pid, time: step.time)
    case .left: tracker.left(step.pid, isRunnable: false)
    case .leftRunnable: tracker.left(step.pid, isRunnable: true)
    case .armed: tracker.armed(step.pid, timer: step.timer, expires: step.value)
    case .fired: tracker.fired(timer: step.timer, now: step.value, time: step.time)
    case .entered:
      guard let found = tracker.entered(step.pid, time: step.time) else { return }
      let wakeup = LateWakeup(
        task: TaskIdentity(pid: step.pid, comm: ""), priority: KernelPriority(step.priority),
        cpu: Int(step.cpu), start: Nanoseconds(found.start), waking: Nanoseconds(found.waking),
        switched: Nanoseconds(step.time), isTimer: found.isTimer)
      result.add(wakeup, threshold: threshold, limit: limit) {
        collectors.lazy.compactMap { $0.names[step.pid] }.first?.text ?? ""
      }
    }
  }
}
