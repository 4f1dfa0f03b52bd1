internal import TraceModel

/// Searches the wakeups of a timeline that is there as events (a text trace).
struct EventSearch {
  /// Searches all events; `isTimerClock` says whether timers and stamps share a clock.
  ///
  /// Without a task real-time ones are searched, with `anyTask` all but the idle ones.
  static func run(
    _ timeline: Timeline, task: TaskSelector?, threshold: Nanoseconds?, limit: Int,
    isTimerClock: Bool, anyTask: Bool = false
  ) -> WakeupSearch {
    var result = WakeupSearch()
    var tracker = WakeupTracker(isTimerClock: isTimerClock)
    let events = timeline.merged
    func wanted(_ identity: TaskIdentity, _ priority: KernelPriority) -> Bool {
      guard let task else { return (anyTask || priority.isRealtime) && !identity.isIdle }
      return task.matches(identity) || task.matches(timeline.task(identity.pid))
    }
    for event in events {
      result.records += 1
      switch event.payload {
      case .waking(let wake), .wakeupNew(let wake):
        if wanted(wake.task, wake.priority) {
          tracker.waking(wake.task.pid, time: event.time.count)
        }
      case .wakeup(let wake):
        // Where this wakeup has a sched_waking, that one is its begin.
        if wanted(wake.task, wake.priority), !tracker.isWoken(wake.task.pid) {
          tracker.waking(wake.task.pid, time: event.time.count)
        }
      case .hrtimerStart(let timer, _, _, let soft, _):
        tracker.armed(event.pid, timer: timer, expires: soft.count)
      case .hrtimerExpireEntry(let timer, _, let now):
        tracker.fired(timer: timer, now: now.count, time: event.time.count)
      case .switched(let change):
        if wanted(change.previous, change.previousPriority) {
          tracker.left(change.previous.pid, isRunnable: change.previousState.isRunnable)
        }
        guard wanted(change.next, change.nextPriority),
          let found = tracker.entered(change.next.pid, time: event.time.count)
        else { continue }
        result.add(
          LateWakeup(
            task: change.next, priority: change.nextPriority, cpu: event.cpu,
            start: Nanoseconds(found.start), waking: Nanoseconds(found.waking),
            switched: event.time, isTimer: found.isTimer),
          threshold: threshold ?? Nanoseconds(-1), limit: limit)
      default: break
      }
    }
    return result
  }
}
