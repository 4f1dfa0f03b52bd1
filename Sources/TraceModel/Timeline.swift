/// What a trace reports of a stretch of time: the events of every CPU and the gaps in what is
/// known.
public struct Timeline: Hashable, Sendable {
  /// One entry a CPU that has a buffer, ascending by CPU number.
  public var cpus: [CPUTimeline]
  /// Names of tasks from events and from the trace's own table; a later name of a pid wins.
  public var comms: [Int32: String]
  /// The trace clock's name (`mono`), empty where the source does not report it.
  public var clock: String
  /// What the source does not report of its events.
  public var missing: MissingColumns = []

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(cpus: [CPUTimeline], comms: [Int32: String] = [:], clock: String = "") {
    self.cpus = cpus.sorted { $0.cpu < $1.cpu }
    self.comms = comms
    self.clock = clock
  }

  /// The timeline of one CPU.
  public subscript(cpu cpu: Int) -> CPUTimeline? { cpus.first { $0.cpu == cpu } }

  /// The identity of a pid by the names known here.
  public func task(_ pid: Int32) -> TaskIdentity {
    TaskIdentity(pid: pid, comm: comms[pid] ?? "")
  }

  /// All events in order of time; equal stamps in order of CPU.
  public var merged: [TraceEvent] {
    var all = cpus.flatMap(\.events)
    all.sort { ($0.time, $0.cpu, $0.position) < ($1.time, $1.cpu, $1.position) }
    return all
  }
}

/// What a text's lines do not report, so that nothing may rest on it.
public struct MissingColumns: OptionSet, Hashable, Sendable {
  /// The set as bits.
  public var rawValue: UInt8

  /// Makes a set of bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// No line has a time: stamps are places in the text (line numbers), which say what came first
  /// and nothing of lengths.
  public static let times = MissingColumns(rawValue: 1)
  /// No line has a task: `pid` is what the switches and the idle loop's events report, else -1.
  public static let tasks = MissingColumns(rawValue: 2)
  /// No line has a CPU: it is what the switches report (`swapper/3`), else 0, which may be any.
  public static let cpus = MissingColumns(rawValue: 4)
  /// No line has flags: an event's context is empty and says nothing.
  public static let flags = MissingColumns(rawValue: 8)
  /// Some switches or wakeups have no priority that is known (`KernelPriority.isKnown`).
  public static let priorities = MissingColumns(rawValue: 16)
}

/// The events of one CPU's buffer.
public struct CPUTimeline: Hashable, Sendable {
  /// The CPU.
  public var cpu: Int
  /// Events in the buffer's order; stamps never go back.
  public var events: [TraceEvent]
  /// Spans in which events are missing or could not be read.
  public var gaps: [TimelineGap]
  /// The oldest stamp in the buffer, nil for an empty buffer. Before it nothing is known.
  public var oldest: Nanoseconds?

  /// Makes the timeline of a CPU.
  public init(
    cpu: Int, events: [TraceEvent], gaps: [TimelineGap] = [], oldest: Nanoseconds? = nil
  ) {
    self.cpu = cpu
    self.events = events
    self.gaps = gaps
    self.oldest = oldest ?? events.first?.time
  }
}

/// A stretch of a CPU's timeline of which the trace is incomplete.
public struct TimelineGap: Hashable, Sendable {
  /// Why events are missing.
  public enum Cause: Hashable, Sendable {
    /// The writer overran the reader: the ring buffer's missed-events mark, with the count where it
    /// is stored.
    case lostEvents(count: UInt64?)
    /// A page or record could not be decoded; the text says what and where.
    case damaged(String)
  }

  /// The last stamp before and the first stamp after the gap.
  public var span: TimeSpan
  /// Why.
  public var cause: Cause

  /// Whether something could not be read, not lost by the writer.
  public var isDamaged: Bool { if case .damaged = cause { true } else { false } }

  /// Memberwise.
  public init(span: TimeSpan, cause: Cause) {
    self.span = span
    self.cause = cause
  }
}
