public import Analysis
public import TraceModel
internal import Tracefs

/// What is recorded of the run queues, and for how long.
public struct RunQueuePlan: Sendable {
  /// Which waits are rows.
  public var filter: RunQueueFilter
  /// Buffer of each CPU in KiB.
  public var bufferKilobytes: Int
  /// How long, nil until a signal.
  public var duration: Nanoseconds?
  /// Whether work items are recorded.
  public var hasWork: Bool
  /// Whether the latency of softirqs is recorded; that they used a CPU is told in any case.
  public var hasSoftirqs: Bool
  /// Whether sched_wakeup is recorded too, so that rows tell when the task stood on the queue.
  public var hasEnqueue: Bool
  /// Where short waits are left out.
  public var filterPlace: RunQueueFilterPlace
  /// How often the observer's `progress` is called, nil for never.
  public var progressInterval: Nanoseconds?

  /// Makes a plan.
  public init(
    filter: RunQueueFilter = RunQueueFilter(), bufferKilobytes: Int = 8_192,
    duration: Nanoseconds? = nil, hasWork: Bool = false, hasSoftirqs: Bool = false,
    hasEnqueue: Bool = false, filterPlace: RunQueueFilterPlace = .pages,
    progressInterval: Nanoseconds? = nil
  ) {
    self.filter = filter
    self.bufferKilobytes = bufferKilobytes
    self.duration = duration
    self.hasWork = hasWork
    self.hasSoftirqs = hasSoftirqs
    self.hasEnqueue = hasEnqueue
    self.filterPlace = filterPlace
    self.progressInterval = progressInterval
  }

  /// The requests for the instance of the whole system.
  var arming: ArmingPlan {
    var events = [
      ArmingPlan.Event(EventName("sched", "sched_switch"), isRequired: true),
      ArmingPlan.Event(EventName("sched", "sched_waking"), isRequired: true),
    ]
    var names = [
      ("sched", "sched_wakeup_new"), ("sched", "sched_migrate_task"), ("task", "task_rename"),
      ("task", "task_newtask"), ("sched", "sched_process_fork"), ("irq", "irq_handler_entry"),
      ("irq", "irq_handler_exit"), ("irq", "softirq_entry"), ("irq", "softirq_exit"),
      ("irq_vectors", "local_timer_entry"), ("irq_vectors", "local_timer_exit"),
    ]
    if hasEnqueue { names.append(("sched", "sched_wakeup")) }
    if hasSoftirqs {
      names += [
        ("irq", "softirq_raise"), ("irq", "tasklet_entry"), ("irq", "tasklet_exit"),
        ("timer", "timer_expire_entry"), ("timer", "timer_expire_exit"),
      ]
    }
    if hasWork {
      names += ["queue_work", "activate_work", "execute_start", "execute_end"].map {
        ("workqueue", "workqueue_\($0)")
      }
    }
    events += names.map { ArmingPlan.Event(EventName($0.0, $0.1)) }
    // Stamps are compared with this process's clock to know what may still come.
    return ArmingPlan(
      bufferKilobytes: bufferKilobytes, clocks: ["mono"], events: events,
      options: [ArmingPlan.Option("record-cmd", false)])
  }
}

/// What is told while the recording goes on, from the thread that runs it.
public struct RunQueueObserver {
  /// Everything is armed: rows may come from here on.
  public var started: () -> Void
  /// Rows: waits of at least the threshold, in order of their end.
  public var waits: ([RunQueueWait]) -> Void
  /// Work items and softirqs.
  public var deferred: ([DeferredWait]) -> Void
  /// Threads under two names.
  public var warnings: ([IdentityWarning]) -> Void
  /// The state so far.
  public var progress: (RunQueueSummary) -> Void
  /// Remarks for the user.
  public var remark: (String) -> Void

  /// Makes an observer.
  public init(
    started: @escaping () -> Void = {},
    waits: @escaping ([RunQueueWait]) -> Void = { _ in },
    deferred: @escaping ([DeferredWait]) -> Void = { _ in },
    warnings: @escaping ([IdentityWarning]) -> Void = { _ in },
    progress: @escaping (RunQueueSummary) -> Void = { _ in },
    remark: @escaping (String) -> Void = { _ in }
  ) {
    self.started = started
    self.waits = waits
    self.deferred = deferred
    self.warnings = warnings
    self.progress = progress
    self.remark = remark
  }

  func give(_ replay: inout RunQueueReplay) {
    let rows = replay.takeWaits()
    if !rows.isEmpty { waits(rows) }
    let deferred = replay.takeDeferred()
    if !deferred.isEmpty { self.deferred(deferred) }
    let warnings = replay.takeWarnings()
    if !warnings.isEmpty { self.warnings(warnings) }
  }
}
