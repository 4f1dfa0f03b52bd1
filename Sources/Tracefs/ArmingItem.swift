/// One thing that was wanted of an instance, and what came of it.
public struct ArmingItem: Hashable, Sendable {
  /// What sort of thing.
  public enum Kind: String, Hashable, Sendable {
    /// A trace option.
    case option
    /// The tracer.
    case tracer
    /// The functions that a function tracer is limited to.
    case functionFilter = "function filter"
    /// A setting outside of the instance.
    case setting
    /// `tracing_thresh`
    case threshold
    /// The clock.
    case clock
    /// The buffer of each CPU in KiB.
    case buffer
    /// The spare buffer (`snapshot`).
    case spare = "spare buffer"
    /// `tracing_cpumask`
    case cpus
    /// `set_event_pid`
    case eventPIDs
    /// A synthetic event that was defined.
    case synthetic = "synthetic event"
    /// An enabled event.
    case event
    /// An event's filter.
    case filter
    /// An event's trigger.
    case trigger
  }

  /// What sort of thing.
  public var kind: Kind
  /// Which one: the event's or option's name; the kind's own name for the others.
  public var name: String
  /// What was wanted.
  public var wanted: String
  /// What the kernel gave, as read back where it can be read back; nil where it was refused.
  public var got: String?
  /// Why it was refused.
  public var error: TracefsError?

  /// Whether it is there as wanted; a bigger buffer than wanted is as wanted.
  public var isAsWanted: Bool {
    guard error == nil, let got else { return false }
    if kind == .buffer, let size = Int(got), let least = Int(wanted) { return size >= least }
    return got == wanted
  }
}
