public import TraceModel

/// The times of one wakeup as far as the trace reports them.
///
/// Their order is E <= I <= W <= Q <= S <= U; a stamp out of order (two CPUs' clocks, or an
/// interrupt that began before the expiry) is moved to its neighbour.
public struct WakeupTimes: Hashable, Sendable {
  /// E: when the thread should have been woken.
  public var expiry: Nanoseconds
  /// I: the interrupt that woke it was entered.
  public var interrupt: Nanoseconds?
  /// W: sched_waking of the thread.
  public var waking: Nanoseconds?
  /// Q: sched_wakeup, the thread is on a run queue.
  public var queued: Nanoseconds?
  /// S: sched_switch to the thread.
  public var switched: Nanoseconds?
  /// The thread's own first event where the switch to it is missing: it ran by then.
  public var firstOwn: Nanoseconds?
  /// U: its system call returned.
  public var returned: Nanoseconds?
  /// The thread read its clock.
  public var sampled: Nanoseconds

  /// The events after I, W, Q, S and U.
  public var interruptEvent: TraceEvent?
  /// The sched_waking event.
  public var wakingEvent: TraceEvent?
  /// The sched_wakeup event.
  public var queuedEvent: TraceEvent?
  /// The sched_switch event.
  public var switchedEvent: TraceEvent?
  /// The thread's own first event after its wakeup, where the switch to it is missing.
  public var firstOwnEvent: TraceEvent?
  /// The system call's exit.
  public var returnedEvent: TraceEvent?
  /// The hrtimer_start by which the thread asked for this wakeup.
  public var armedEvent: TraceEvent?
  /// The hrtimer_expire_entry of the thread's timer.
  public var expireEvent: TraceEvent?
  /// The softirq_raise by which the timer's interrupt left the expiry to a softirq.
  public var raisedEvent: TraceEvent?
  /// How late the timer's interrupt came, by its entry or by what it raised; nil where neither was
  /// recorded.
  public var interruptDelay: Nanoseconds? {
    (raisedEvent?.time ?? interrupt).map { max(.zero, $0 - expiry) }
  }
  /// The stack of the context that the wakeup interrupted, and the sched_waking it belongs to.
  public var stackEvent: TraceEvent?
}
