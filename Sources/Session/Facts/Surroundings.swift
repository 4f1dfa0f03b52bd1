public import TraceModel

/// What the rules must know of the machine around a spike that no other fact of a report contains.
///
/// What the kernel does not say is nil.
public struct Surroundings: Hashable, Sendable {
  /// For each online CPU the others of its core; nil where the kernel does not report its topology.
  public var siblings: [Int: CPUSet]?
  /// Nominal frequency in kHz of each CPU that has one.
  public var nominalKilohertz: [Int: UInt32] = [:]
  /// Number of the kernel log's last record when the run began, nil where the log cannot be read.
  public var logSequence: UInt64?
  /// The kernel log's last line on its clocksource since then, empty for none, nil where the log
  /// cannot be read.
  public var clockTrouble: String?
  /// Others that trace, one line each; nil where tracefs does not show them.
  public var otherTracing: [String]?
  /// The process that ptraces this one, 0 for none.
  public var ptracer: Int32?

  /// Makes a value of which nothing is known.
  public init() {}
}
