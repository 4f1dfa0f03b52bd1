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
  /// Whether the latency of softirqs is recorded; that they used a CPU is reported in any case.
  public var hasSoftirqs: Bool
  /// Whether sched_wakeup is recorded too, so that rows show when the task was queued.
  public var hasEnqueue: Bool
  /// Where short waits are left out.
  public var filterPlace: RunQueueFilterPlace
  /// How often the observer's `progress` is called, nil for never.
  public var progressInterval: Nanoseconds?

  /// Memberwise; omitted arguments are empty, zero or unknown.
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
