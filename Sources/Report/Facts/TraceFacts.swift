public import TraceModel

/// How the trace was recorded: what was asked for and what the kernel gave.
public struct TraceFacts: Codable, Hashable, Sendable {
  /// `per_cpu/cpuN/stats` of the instance.
  public struct PerCPU: Codable, Hashable, Sendable {
    /// The CPU.
    public var cpu: Int
    /// Events overwritten by newer ones.
    public var overrun: UInt64
    /// Events dropped because the buffer did not take them.
    public var dropped: UInt64
    /// Events lost to nested commits.
    public var commitOverrun: UInt64
    /// The buffer's oldest stamp.
    public var oldest: Nanoseconds?
    /// Bytes read out of the buffer.
    public var bytes: UInt64?

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(
      cpu: Int, overrun: UInt64 = 0, dropped: UInt64 = 0, commitOverrun: UInt64 = 0,
      oldest: Nanoseconds? = nil, bytes: UInt64? = nil
    ) {
      self.cpu = cpu
      self.overrun = overrun
      self.dropped = dropped
      self.commitOverrun = commitOverrun
      self.oldest = oldest
      self.bytes = bytes
    }

    private enum CodingKeys: String, CodingKey {
      case cpu, overrun, dropped, bytes
      case commitOverrun = "commit_overrun"
      case oldest = "oldest_ns"
    }
  }

  /// Buffer size a CPU that was asked for, KiB.
  public var bufferAsked: Int?
  /// Buffer size a CPU that was read back, KiB.
  public var bufferGot: Int?
  /// Buffer size a CPU that would have held the window twice, KiB; nil where this one held it.
  public var bufferNeeded: Int?
  /// The trace clock.
  public var clock: String?
  /// Events (`system:name`) that were enabled.
  public var events: [String]
  /// Events that were wanted and that the kernel does not have or refused.
  public var eventsMissing: [String]
  /// The latency tracer that was wanted.
  public var tracerWanted: String?
  /// The tracer that was set.
  public var tracerGot: String?
  /// Why the tracer has no section in the report; nil where it has one, or none was armed.
  public var tracerOutcome: String?
  /// Counters of each CPU's buffer.
  public var cpus: [PerCPU]

  /// Makes the facts of a trace of which nothing is known.
  public init() {
    events = []
    eventsMissing = []
    cpus = []
  }

  private enum CodingKeys: String, CodingKey {
    case clock, events, cpus
    case bufferAsked = "buffer_asked_kib"
    case bufferGot = "buffer_got_kib"
    case bufferNeeded = "buffer_needed_kib"
    case eventsMissing = "events_missing"
    case tracerWanted = "tracer_wanted"
    case tracerGot = "tracer_got"
    case tracerOutcome = "tracer_outcome"
  }
}
