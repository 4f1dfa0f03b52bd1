import TraceModel

/// The measured thread's timer expired in a softirq, which on PREEMPT_RT a thread of the CPU runs:
/// `ktimers/N`, or `ksoftirqd/N` where there is none or the softirq was put off.
///
/// While that thread waits for the CPU the timer is not served: whoever runs then is the cause,
/// through that thread.
struct SoftTimer: Sendable {
  /// hrtimer_expire_entry of the timer.
  var expired: TraceEvent
  /// The interrupt that raised it, nil where its entry was not recorded.
  var interrupt: TraceEvent?
  /// softirq_raise of HRTIMER after the expiry, nil where it was raised before or not recorded.
  var raised: TraceEvent?
  /// From the raise, or else the expiry, to the timer's expiry in the softirq.
  var span: TimeSpan
  /// The thread that is to serve the timer, nil where none is.
  var thread: TaskIdentity?
  /// Its sched_waking in the span, nil where it was runnable before.
  var woken: TraceEvent?
  /// The parts of the span in which it was runnable and did not run, in order.
  private(set) var all: [Wait] = []

  /// A wait of the thread for the CPU.
  struct Wait: Sendable {
    var span: TimeSpan
    /// What it waited with, a boost included.
    var priority: KernelPriority
  }

  /// When it waited, in order.
  var waits: [TimeSpan] { all.map(\.span) }

  /// The priority of its longest wait, nil where it did not wait.
  var priority: KernelPriority? { all.max { $0.span.length < $1.span.length }?.priority }

  /// nil where the timer did not expire in a softirq, or not in this wakeup.
  init?(_ times: WakeupTimes, expiry: Nanoseconds, timeline: Timeline, names: TaskNames) {
    guard let expired = times.expireEvent, let waking = times.waking else { return nil }
    let host = names.task(expired.pid, at: expired.time)
    let isThread = Self.serves(host.comm)
    guard !expired.context.inHardIRQ, expired.context.inSoftIRQ || isThread else { return nil }
    self.expired = expired
    let end = min(max(expired.time, expiry), waking)
    span = TimeSpan(min(expiry, end), end)
    guard let track = timeline[cpu: expired.cpu] else { return }
    let inside = track.events(in: span)
    let hrtimer = SoftirqVector.hrtimer.rawValue
    raised = inside.first { if case .softirqRaise(hrtimer) = $0.payload { true } else { false } }
    if let raised {
      interrupt = inside.last {
        if case .vectorEntry = $0.payload { $0.time <= raised.time } else { false }
      }
    }
    span.start = raised?.time ?? span.start
    thread = isThread ? host : Self.woken(in: inside)
    if let thread { follow(thread.pid, track) }
  }

  /// Whether a thread of this name runs the softirqs of timers.
  static func serves(_ comm: String) -> Bool {
    comm.hasPrefix("ktimers/") || comm.hasPrefix("ktimersoftd/") || comm.hasPrefix("ksoftirqd/")
  }

  /// The softirq thread that was woken last; another task may have run the softirq in its place.
  private static func woken(in events: ArraySlice<TraceEvent>) -> TaskIdentity? {
    for event in events.reversed() {
      if case .waking(let wake) = event.payload, serves(wake.task.comm) { return wake.task }
    }
    return nil
  }

  private enum State { case unknown, asleep, runnable, running }

  /// Follows the thread through the span.
  private mutating func follow(_ pid: Int32, _ track: CPUTimeline) {
    var (state, priority) = before(pid, track)
    var since = span.start
    func wait(until time: Nanoseconds) -> [Wait] {
      guard since < time, let priority else { return [] }
      return [Wait(span: TimeSpan(since, time), priority: priority)]
    }
    for event in track.events(in: span) {
      switch event.payload {
      case .waking(let wake) where wake.task.pid == pid,
        .wakeup(let wake) where wake.task.pid == pid:
        guard state == .asleep || state == .unknown else { break }
        if state == .asleep { since = event.time }
        priority = wake.priority
        woken = event
        state = .runnable
      case .prioritySet(let task, _, let new) where task.pid == pid:
        // Boosted or no longer: from here on others are before it.
        if state == .runnable {
          all += wait(until: event.time)
          since = event.time
        }
        priority = new
      case .switched(let change) where change.next.pid == pid:
        priority = priority ?? change.nextPriority
        // Without an earlier sign of it: the softirq was raised, so it had been woken.
        if state != .running { all += wait(until: event.time) }
        priority = change.nextPriority
        state = .running
      case .switched(let change) where change.previous.pid == pid:
        priority = change.previousPriority
        state = change.previousState.isRunnable ? .runnable : .asleep
        since = event.time
      default: break
      }
    }
    if state == .runnable { all += wait(until: span.end) }
  }

  /// What the thread did when the span began, and its priority, by its last event before it.
  private func before(_ pid: Int32, _ track: CPUTimeline) -> (State, KernelPriority?) {
    // It is woken many times a second; what is further away says nothing of now.
    let reach = TimeSpan(span.start - Nanoseconds(10_000_000_000), span.start)
    for event in track.events(in: reach).reversed() where event.time < span.start {
      switch event.payload {
      case .waking(let wake) where wake.task.pid == pid,
        .wakeup(let wake) where wake.task.pid == pid:
        return (.runnable, wake.priority)
      case .switched(let change) where change.next.pid == pid:
        return (.running, change.nextPriority)
      case .switched(let change) where change.previous.pid == pid:
        return (change.previousState.isRunnable ? .runnable : .asleep, change.previousPriority)
      default: break
      }
    }
    return (.unknown, nil)
  }

  /// The thread with its priority, for sentences.
  var title: String {
    guard let thread else { return "" }
    return thread.text + (priority.map { " (\($0.text))" } ?? "")
  }

  /// How the time of `rival` came to be the measured thread's, and what to do.
  func advice(_ rival: Rival) -> String {
    "\(title) serves the measured thread's timer, and \(rival.task.text)"
      + (rival.priority.map { " (\($0.text))" } ?? "") + " ran instead of it. Use a real-time "
      + "policy, whose timers expire in the IRQ handler, or end or outrank \(rival.task.text)."
  }

  /// The timer's evidence with that of who ran between its begin and its end.
  static func chain(_ timer: [Evidence], around others: [Evidence]) -> [Evidence] {
    Evidence.once(Array(timer.dropLast()) + others + timer.suffix(1))
  }

  /// What shows that the timer waited for the thread: the softirq was raised, the thread woken, and
  /// the expiry in it.
  var evidence: [Evidence] {
    let pending = raised.map { [Evidence($0, note: "the timer is left to a softirq")] }
    let runnable = woken.map { [Evidence($0, note: "it serves the timer")] }
    return (pending ?? []) + (runnable ?? []) + [
      Evidence(expired, note: thread.map { "in \($0.text)" } ?? "in softirq context")
    ]
  }
}
