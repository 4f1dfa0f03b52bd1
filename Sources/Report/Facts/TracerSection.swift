public import TraceModel

/// The section that a latency tracer (irqsoff, preemptoff, wakeup_rt, …) recorded in its own
/// instance.
public struct TracerSection: Codable, Hashable, Sendable {
  /// A task by id and name.
  public struct Task: Codable, Hashable, Sendable {
    /// Its thread id.
    public var pid: Int32
    /// Its name; the kernel may have cut it.
    public var comm: String

    /// Memberwise.
    public init(pid: Int32, comm: String) {
      self.pid = pid
      self.comm = comm
    }
  }

  /// The tracer's name.
  public var tracer: String
  /// The CPU of the section.
  public var cpu: Int
  /// When it began, on the trace clock of the events.
  public var start: Nanoseconds
  /// How long it lasted.
  public var length: Nanoseconds
  /// Function in which it began, empty where it is not known.
  public var startFunction: String
  /// Function in which it ended, empty where it is not known.
  public var endFunction: String
  /// The task that the tracer names: in the wakeup family the one that was woken.
  public var task: Task?
  /// `tracing_thresh` in force.
  public var threshold: Nanoseconds?
  /// The section's lines as the kernel prints them.
  public var lines: [String]

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    tracer: String, cpu: Int, start: Nanoseconds, length: Nanoseconds, startFunction: String,
    endFunction: String, threshold: Nanoseconds? = nil, lines: [String] = []
  ) {
    self.tracer = tracer
    self.cpu = cpu
    self.start = start
    self.length = length
    self.startFunction = startFunction
    self.endFunction = endFunction
    self.threshold = threshold
    self.lines = lines
  }

  private enum CodingKeys: String, CodingKey {
    case tracer, cpu, lines, task
    case start = "start_ns"
    case length = "length_ns"
    case startFunction = "start_function"
    case endFunction = "end_function"
    case threshold = "threshold_ns"
  }
}
