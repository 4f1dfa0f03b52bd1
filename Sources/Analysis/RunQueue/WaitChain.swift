public import TraceModel

/// Why a syscall took long: what happened from its blocking to its running again, back to the
/// cause.
public struct WaitChain: Hashable, Sendable {
  /// One stretch of the time; the stretches of a chain follow each other without a hole.
  public struct Segment: Hashable, Sendable {
    /// What the time was spent with.
    public enum Kind: String, Hashable, Sendable {
      /// The task ran.
      case ran
      /// The task was ready and waited for a CPU.
      case waitedForCPU = "waited_for_cpu"
      /// The task slept.
      case slept
      /// Work was queued and no worker was awake for it.
      case noWorker = "no_worker"
      /// The worker did other work first.
      case otherWork = "other_work"
      /// Nobody called: a timer ended the sleep.
      case timeout
      /// An interrupt or softirq called; what it waited for is not in a trace of this machine.
      case device
      /// The trace does not report.
      case unknown
    }

    /// What the time was spent with.
    public var kind: Kind
    /// Whose time.
    public var task: TaskIdentity
    /// The function of the work that it did or was to do.
    public var work: String?
    /// When.
    public var span: TimeSpan
    /// The CPU, where one is meant.
    public var cpu: Int?
    /// What used that CPU meanwhile.
    public var behind: [BehindEntry] = []
    /// What ended the stretch: `woke reader-12`, `queued flush_to_ldisc`.
    public var ends: String
    /// Who had asked for the work before the chain begins, nil where the chain reports it.
    public var askedBy: TaskIdentity?
    /// How long before the chain's beginning.
    public var askedBefore = Nanoseconds.zero
  }

  /// The task whose time it is.
  public var task: TaskIdentity
  /// From blocking to running again.
  public var span: TimeSpan
  /// The stretches in order of time; they add up to the span.
  public var segments: [Segment]
  /// Whether a timer ended the sleep, so that nobody woke the task.
  public var isTimeout: Bool
}

/// A system call of the command that took longer than the threshold.
public struct SlowCall: Hashable, Sendable {
  /// Who called.
  public var task: TaskIdentity
  /// The call's number, -1 where only the name is known.
  public var number: Int64
  /// The call's name, empty where the trace does not report it.
  public var name: String
  /// From entry to exit.
  public var span: TimeSpan
  /// What it returned.
  public var result: Int64
  /// Its longest sleeps.
  public var chains: [WaitChain]

  /// Whether it slept until its time was over: a timer ended it and it returned nothing.
  public var isTimeout: Bool {
    guard let last = chains.max(by: { $0.span.length < $1.span.length }) else { return false }
    // 0, ETIMEDOUT, ETIME, EAGAIN (a socket's timeout).
    return last.isTimeout && [0, -110, -62, -11].contains(result)
  }
}

/// Calls in a row that found nothing (EAGAIN).
public struct PollBurst: Hashable, Sendable {
  /// Who called.
  public var task: TaskIdentity
  /// The call's number.
  public var number: Int64
  /// The call's name, empty where the trace does not report it.
  public var name: String
  /// From the first entry to the last exit: the budget.
  public var span: TimeSpan
  /// How often it found nothing.
  public var count: Int
  /// Whether a later call of the kind found something.
  public var succeeded: Bool
}

/// Work that the command asked for, with the chain from asking to its end.
public struct Delivery: Hashable, Sendable {
  /// The work.
  public var work: DeferredWait
  /// The stretches from queueing to the work's end; they add up to `length`.
  public var segments: [WaitChain.Segment]

  /// From queueing to the work's end.
  public var length: Nanoseconds { (work.ended ?? work.started) - work.asked }
}
