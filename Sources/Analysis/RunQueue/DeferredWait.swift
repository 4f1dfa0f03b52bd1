public import TraceModel

/// Work that was asked for and done later by somebody else: a work item or a softirq.
public struct DeferredWait: Hashable, Sendable {
  /// What kind of work.
  public enum Kind: String, Hashable, Sendable {
    case work, softirq
  }

  /// What the time between asking and running was spent with; the parts add up to the latency.
  public struct Parts: Hashable, Sendable {
    /// The queue was at its limit: the item was not active yet.
    public var inactive = Nanoseconds.zero
    /// No worker was awake for it; for a softirq: it could not be entered yet.
    public var noWorker = Nanoseconds.zero
    /// The worker was awake and waited for the CPU.
    public var waitedForCPU = Nanoseconds.zero
    /// The worker did other work before it.
    public var otherWork = Nanoseconds.zero

    /// Makes parts without time.
    public init() {}
  }

  /// What kind of work.
  public var kind: Kind
  /// The work's function or the softirq's vector.
  public var name: String
  /// Who asked for it; in an interrupt only its host.
  public var askedBy: TaskIdentity
  /// When it was asked for.
  public var asked: Nanoseconds
  /// When it became active, nil where that was not recorded.
  public var activated: Nanoseconds?
  /// When it began to run.
  public var started: Nanoseconds
  /// When it ended, nil while it runs.
  public var ended: Nanoseconds?
  /// Who ran it: a kworker, ksoftirqd, or the task that the softirq interrupted.
  public var runner: TaskIdentity
  /// Where it ran.
  public var cpu: Int
  /// How the latency divides.
  public var parts: Parts
  /// What the worker waited behind, where that wait was long enough to be looked at.
  public var behind: [BehindEntry]
  /// The work items or softirqs that its runner did first, with what they took of the latency.
  public var before: [BehindEntry] = []
  /// The functions that a softirq ran (timers, tasklets) with their times, longest first; empty
  /// where they were not recorded.
  public var functions: [BehindEntry] = []
  /// The CPU that the worker waited for.
  public var waitedCPU: Int?

  /// From asking to running.
  public var latency: Nanoseconds { max(.zero, started - asked) }
}
