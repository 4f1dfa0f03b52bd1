public import Analysis
internal import TraceModel

/// Run-queue waits as JSON, one object a line.
///
/// Times are integers in ns on the trace clock. Keys may be added, none is taken away.
public enum RunQueueJSON {
  /// A wait, with a line end.
  public static func line(_ wait: RunQueueWait) throws(ReportError) -> String {
    try StableJSON.text(WaitRecord(wait), isCompact: true)
  }

  /// A work item or softirq, with a line end.
  public static func line(_ wait: DeferredWait) throws(ReportError) -> String {
    try StableJSON.text(DeferredRecord(wait), isCompact: true)
  }

  /// An identity warning, with a line end.
  public static func line(_ warning: IdentityWarning) throws(ReportError) -> String {
    try StableJSON.text(WarningRecord(warning), isCompact: true)
  }

  /// The summary, with a line end.
  public static func line(_ summary: RunQueueSummary) throws(ReportError) -> String {
    try StableJSON.text(SummaryRecord(summary), isCompact: true)
  }

  /// All that was found of a command, with a line end.
  public static func line(
    calls: [SlowCall], polls: [PollBurst], deliveries: [Delivery], status: Int32
  ) throws(ReportError) -> String {
    try StableJSON.text(
      CommandRecord(calls: calls, polls: polls, deliveries: deliveries, status: status),
      isCompact: true)
  }
}

struct TaskRecord: Encodable {
  var tid: Int32
  var comm: String

  init(_ task: TaskIdentity) {
    tid = task.pid
    comm = task.comm
  }
}

struct BehindRecord: Encodable {
  var kind: String
  var name: String
  var pid: Int32
  var ns: Int64
  var count: Int

  init(_ entry: BehindEntry) {
    kind = entry.kind.rawValue
    name = entry.name
    pid = entry.pid
    ns = entry.net.count
    count = entry.count
  }
}

private struct WaitRecord: Encodable {
  struct WakerRecord: Encodable {
    var tid: Int32
    var comm: String
    var context: String
    var handler: String?
  }

  var type = "wait"
  var time_ns: Int64
  var tid: Int32
  var comm: String
  var latency_ns: Int64
  var enqueued_ns: Int64?
  var cpu: Int
  var priority: Int32
  var policy: String
  var state: String
  var migrations: Int
  var waker: WakerRecord?
  var behind: [BehindRecord]

  init(_ wait: RunQueueWait) {
    time_ns = wait.span.end.count
    tid = wait.task.pid
    comm = wait.task.comm
    latency_ns = wait.latency.count
    enqueued_ns = wait.enqueued?.count
    cpu = wait.cpu
    priority = wait.priority.value
    // The events report the priority alone: FIFO and RR, and OTHER, BATCH and IDLE look the same.
    policy = wait.priority.value < 0 ? "deadline" : wait.priority.isRealtime ? "realtime" : "normal"
    state = wait.cause.rawValue
    migrations = wait.migrations
    waker = wait.waker.map { waker in
      let (context, handler): (String, String?) =
        switch waker.context {
        case .task: ("task", nil)
        case .interrupt(let name): ("irq", name)
        case .softirq(let name): ("softirq", name)
        }
      return WakerRecord(
        tid: waker.task.pid, comm: waker.task.comm, context: context, handler: handler)
    }
    behind = wait.behind.map(BehindRecord.init)
  }
}

struct DeferredRecord: Encodable {
  struct PartsRecord: Encodable {
    var inactive_ns: Int64
    var no_worker_ns: Int64
    var waited_for_cpu_ns: Int64
    var other_work_ns: Int64
  }

  var type: String
  var time_ns: Int64
  var name: String
  var latency_ns: Int64
  var asked_ns: Int64
  var ended_ns: Int64?
  var cpu: Int
  var asked_by: TaskRecord
  var runner: TaskRecord
  var parts: PartsRecord
  var behind: [BehindRecord]
  var before: [BehindRecord]
  var functions: [BehindRecord]

  init(_ wait: DeferredWait) {
    type = wait.kind.rawValue
    time_ns = wait.started.count
    name = wait.name
    latency_ns = wait.latency.count
    asked_ns = wait.asked.count
    ended_ns = wait.ended?.count
    cpu = wait.cpu
    asked_by = TaskRecord(wait.askedBy)
    runner = TaskRecord(wait.runner)
    parts = PartsRecord(
      inactive_ns: wait.parts.inactive.count, no_worker_ns: wait.parts.noWorker.count,
      waited_for_cpu_ns: wait.parts.waitedForCPU.count, other_work_ns: wait.parts.otherWork.count)
    behind = wait.behind.map(BehindRecord.init)
    before = wait.before.map(BehindRecord.init)
    functions = wait.functions.map(BehindRecord.init)
  }
}

private struct WarningRecord: Encodable {
  var type = "identity_warning"
  var time_ns: Int64
  var tid: Int32
  var before: String
  var after: String

  init(_ warning: IdentityWarning) {
    time_ns = warning.time.count
    tid = warning.tid
    before = warning.before
    after = warning.after
  }
}

private struct SummaryRecord: Encodable {
  struct StatisticsRecord: Encodable {
    var name: String
    var tid: Int32?
    var count: UInt64
    var average_ns: Int64
    var p50_ns: Int64
    var p99_ns: Int64
    var max_ns: Int64

    init(_ name: String, _ tid: Int32?, _ statistics: LatencyStatistics) {
      self.name = name
      self.tid = tid
      count = statistics.count
      average_ns = statistics.average.count
      p50_ns = statistics.percentile(0.5).count
      p99_ns = statistics.percentile(0.99).count
      max_ns = statistics.maximum.count
    }
  }

  struct ReaderRecord: Encodable {
    var priority: Int32
    var peak_bytes_per_second: UInt64
    var behind_ns: Int64
    /// What follows: of the longest time between two reads after which events were missing.
    var gap_ns: Int64?
    var waited_for_cpu_ns: Int64?
    var ran_ns: Int64?
    var slept_ns: Int64?
    var cause: String?

    init(_ pace: ReaderPace) {
      priority = pace.priority
      peak_bytes_per_second = UInt64(max(0, pace.peakRate))
      behind_ns = pace.behind.count
      gap_ns = pace.gap?.length.count
      waited_for_cpu_ns = pace.gap?.waited?.count
      ran_ns = pace.gap?.ran.count
      slept_ns = pace.gap?.slept.count
      switch pace.cause {
      case .starved: cause = "starved"
      case .busy: cause = "busy"
      case .slept: cause = "slept"
      case nil: break
      }
    }
  }

  struct BucketRecord: Encodable {
    var from_us: UInt64
    var to_us: UInt64
    var count: UInt64
  }

  var type = "summary"
  var schema = 1
  var duration_ns: Int64
  var events: UInt64
  var switches: UInt64
  var lost_events: UInt64
  var lost_marks: UInt64
  var dropped_waits: UInt64
  var late_events: UInt64
  var unrecorded_switches: UInt64
  var buffer_kb: Int?
  var needed_buffer_kb: Int?
  var reader: ReaderRecord?
  var filtered_in: String
  var missed_by_filter: UInt64
  var rows_without_details: UInt64
  var total: StatisticsRecord
  var tasks: [StatisticsRecord]
  var cpus: [StatisticsRecord]
  var functions: [StatisticsRecord]
  var histogram: [BucketRecord]

  init(_ summary: RunQueueSummary) {
    duration_ns = summary.duration.count
    events = summary.events
    switches = summary.switches
    lost_events = summary.lostEvents
    lost_marks = summary.lostMarks
    dropped_waits = summary.droppedWaits
    late_events = summary.lateEvents
    unrecorded_switches = summary.unrecordedSwitches
    buffer_kb = summary.bufferKilobytes
    needed_buffer_kb = summary.neededKilobytes
    reader = summary.pace.map(ReaderRecord.init)
    filtered_in = summary.leftOutBelow == nil ? "pages" : "kernel"
    missed_by_filter = summary.missedByFilter
    rows_without_details = summary.rowsWithoutDetails
    total = StatisticsRecord("all", nil, summary.total)
    func rows(_ rows: [RunQueueSummary.Row]) -> [StatisticsRecord] {
      rows.map { StatisticsRecord($0.name, $0.tid, $0.statistics) }
    }
    tasks = rows(summary.tasks)
    cpus = rows(summary.cpus)
    functions = rows(summary.functions)
    histogram = summary.histogram.rows.map {
      BucketRecord(from_us: $0.from, to_us: $0.to, count: $0.count)
    }
  }
}
