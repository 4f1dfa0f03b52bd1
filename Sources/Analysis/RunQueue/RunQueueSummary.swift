public import TraceModel

/// The end of a run-queue recording: statistics of all waits, also of those below the threshold,
/// and what is missing.
public struct RunQueueSummary: Sendable {
  /// Statistics under a name.
  public struct Row: Sendable {
    /// A task, a CPU or a function.
    public var name: String
    /// The thread, for a task.
    public var tid: Int32?
    /// Its statistics.
    public var statistics: LatencyStatistics
  }

  /// All waits.
  public var total: LatencyStatistics
  /// Their histogram.
  public var histogram: OctaveHistogram
  /// By task, largest maximum first.
  public var tasks: [Row]
  /// By CPU.
  public var cpus: [Row]
  /// Latencies of work items and softirqs, by function or vector.
  public var functions: [Row]
  /// From the first event to the last.
  public var duration: Nanoseconds
  /// Events that were read.
  public var events: UInt64
  /// Switches among them.
  public var switches: UInt64
  /// Events that were lost, as far as their number was stored.
  public var lostEvents: UInt64
  /// How often events were lost.
  public var lostMarks: UInt64
  /// Waits that went on while events were lost, and were dropped.
  public var droppedWaits: UInt64
  /// Events that came after a later one.
  public var lateEvents: UInt64
  /// Switches that the kernel did not record.
  public var unrecordedSwitches: UInt64
  /// Rows whose list of CPU users was cut to keep up.
  public var shortenedLists: UInt64
  /// Buffer of each CPU in KiB, nil for a recorded trace.
  public var bufferKilobytes: Int?
  /// How the reader kept up, nil for a recorded trace.
  public var pace: ReaderPace?
  /// Pages that could not be read to their end.
  public var damagedPages = 0
  /// Where the kernel left waits out: those shorter than this are neither rows nor counted. nil
  /// where all were counted.
  public var leftOutBelow: Nanoseconds?
  /// Waits that the kernel's filter missed: its table was full, or its report was lost.
  public var missedByFilter: UInt64 = 0
  /// Rows that do not report what they waited behind: the kernel had overwritten the events.
  public var rowsWithoutDetails: UInt64 = 0
  /// What could not be restored, one line each.
  public var leftovers: [String] = []

  /// Takes the numbers of a replay.
  public init(_ replay: RunQueueReplay) {
    total = replay.total
    histogram = replay.histogram
    tasks = replay.perTask.map {
      Row(name: $0.task.comm, tid: $0.task.pid, statistics: $0.statistics)
    }
    cpus = replay.perCPU.sorted { $0.key < $1.key }.map {
      Row(name: "CPU \($0.key)", tid: nil, statistics: $0.value)
    }
    functions = replay.perFunction.map { Row(name: $0.name, tid: nil, statistics: $0.statistics) }
    duration = replay.firstTime.map { Nanoseconds(replay.lastTime) - Nanoseconds($0) } ?? .zero
    events = replay.eventCount
    switches = replay.switchCount
    lostEvents = replay.lostEvents
    lostMarks = replay.lostMarks
    droppedWaits = replay.droppedWaits
    lateEvents = replay.lateEvents
    unrecordedSwitches = replay.unrecordedSwitches
    shortenedLists = replay.shortenedLists
  }

  /// Buffer of each CPU in KiB that would have held what was lost; nil where nothing was, or where
  /// a larger buffer does not help: the kernel's reports of long waits have their own.
  public var neededKilobytes: Int? {
    guard lostMarks > 0, leftOutBelow == nil, let bufferKilobytes else { return nil }
    return pace?.neededKilobytes(insteadOf: bufferKilobytes)
  }
}
