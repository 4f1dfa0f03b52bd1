internal import RingBuffer
internal import TraceModel

/// Searches the wake-ups of raw pages without making events of them.
///
/// The records of a slice of time are walked CPU by CPU, the few that concern the wanted tasks are
/// kept and put in order: memory does not grow with the trace.
struct PageSearch {
  private enum Kind { case waking, left, leftRunnable, entered, armed, fired }

  /// A record that matters, in the least room.
  private struct Step {
    var time: Int64
    var value: Int64
    var timer: UInt64
    var pid: Int32
    var priority: Int32
    var cpu: Int32
    var kind: Kind
  }

  /// Which tasks are wanted.
  private enum Match {
    case pid(Int32)
    case comm(CommBytes)
    case realtime
  }

  private let decoder: TraceDecoder
  private let match: Match
  private let timers: TimerFields?
  private let filter: RecordFilter
  private var names: [Int32: CommBytes] = [:]
  private var pids: [Int32] = []
  private var steps: [Step] = []
  /// Pages of the fullest CPU in one slice of time.
  private static let slicePages = 256

  init(_ decoder: TraceDecoder, task: TaskSelector?) {
    self.decoder = decoder
    match =
      switch task {
      case .pid(let pid): .pid(pid)
      case .comm(let comm): .comm(CommBytes(comm))
      case nil: .realtime
      }
    timers = TimerFields(decoder.schema)
    filter = RecordFilter(decoder.schema, task: task)
    if case .pid(let pid) = task { pids = [pid] }
  }

  /// Whether the trace holds the events that a search needs.
  static func isPossible(_ decoder: TraceDecoder) -> Bool {
    decoder.schema.schedSwitch != nil
      && (decoder.schema.schedWaking ?? decoder.schema.schedWakeup) != nil
  }

  /// Searches all of the trace; latencies are in units of its clock.
  mutating func run(threshold: Nanoseconds?, limit: Int) -> WakeupSearch {
    var result = WakeupSearch()
    var tracker = WakeupTracker(isTimerClock: decoder.clock == "mono")
    for slice in slices() {
      steps.removeAll(keepingCapacity: true)
      for cpu in decoder.cpus { result.records += collect(cpu: cpu, in: slice) }
      // Few enough to sort, and nearly in order.
      steps.sort { $0.time < $1.time }
      for step in steps {
        switch step.kind {
        case .waking: tracker.waking(step.pid, time: step.time)
        case .left: tracker.left(step.pid, isRunnable: false)
        case .leftRunnable: tracker.left(step.pid, isRunnable: true)
        case .armed: tracker.armed(step.pid, timer: step.timer, expires: step.value)
        case .fired: tracker.fired(timer: step.timer, now: step.value, time: step.time)
        case .entered:
          guard let found = tracker.entered(step.pid, time: step.time) else { continue }
          let wakeup = LateWakeup(
            task: TaskIdentity(pid: step.pid, comm: names[step.pid]?.text ?? ""),
            priority: KernelPriority(step.priority), cpu: Int(step.cpu),
            start: Nanoseconds(found.start), waking: Nanoseconds(found.waking),
            switched: Nanoseconds(step.time), isTimer: found.isTimer)
          result.add(wakeup, threshold: threshold ?? Nanoseconds(-1), limit: limit)
        }
      }
    }
    return result
  }

  /// Slices of time, each of a bounded number of pages.
  private func slices() -> [TimeSpan] {
    let indices = decoder.cpus.compactMap { decoder.pageIndex(cpu: $0) }
    guard let fullest = indices.max(by: { $0.pages.count < $1.pages.count }),
      indices.allSatisfy(\.isOrdered)
    else { return [TimeSpan(Nanoseconds(.min), Nanoseconds(.max))] }
    var starts = stride(from: Self.slicePages, to: fullest.pages.count, by: Self.slicePages).map {
      fullest.pages[$0].start
    }
    starts.append(Nanoseconds(.max))
    var from = Nanoseconds(.min)
    return starts.map { end in
      defer { from = max(from, end) }
      return TimeSpan(from, end)
    }
  }

  /// Keeps the records of one CPU that concern the wanted tasks.
  private mutating func collect(cpu: Int, in slice: TimeSpan) -> Int {
    let schema = decoder.schema
    guard let switching = schema.schedSwitch, let waking = schema.schedWaking ?? schema.schedWakeup
    else { return 0 }
    let new = schema.schedWakeupNew
    let timers = timers
    let match = match
    let number = Int32(truncatingIfNeeded: cpu)
    var steps = steps
    var names = names
    var pids = pids
    self.steps = []
    func add(
      _ kind: Kind, _ record: RecordRef, pid: Int32, priority: Int32 = 0, value: Int64 = 0,
      timer: UInt64 = 0
    ) {
      steps.append(
        Step(
          time: record.stamp, value: value, timer: timer, pid: pid, priority: priority,
          cpu: number, kind: kind))
    }
    let filter = filter
    let result = decoder.forEachRecord(cpu: cpu, in: slice) { page, record in
      if record.id == switching.id {
        guard filter.mayMatch(page, record), let fields = switching.read(page, record) else {
          return
        }
        let isNext: Bool
        let isPrevious: Bool
        switch match {
        case .pid(let pid):
          isNext = fields.nextPid == pid
          isPrevious = fields.previousPid == pid
        case .comm(let comm):
          isNext = switching.nextComm(page, record) == comm
          isPrevious = switching.previousComm(page, record) == comm
        case .realtime:
          isNext = fields.nextPriority < 100 && fields.nextPid != 0
          isPrevious = fields.previousPriority < 100 && fields.previousPid != 0
        }
        guard isNext || isPrevious else { return }
        if isPrevious {
          add(
            switching.states.isRunnable(fields.previousState) ? .leftRunnable : .left, record,
            pid: fields.previousPid)
        }
        if isNext {
          if names[fields.nextPid] == nil {
            names[fields.nextPid] = switching.nextComm(page, record)
          }
          if !pids.contains(fields.nextPid) { pids.append(fields.nextPid) }
          add(.entered, record, pid: fields.nextPid, priority: fields.nextPriority)
        }
      } else if record.id == waking.id || record.id == new?.id {
        let reader = record.id == waking.id ? waking : new ?? waking
        guard filter.mayMatch(page, record), let fields = reader.read(page, record) else { return }
        switch match {
        case .pid(let pid): guard fields.pid == pid else { return }
        case .comm(let comm): guard reader.comm(page, record) == comm else { return }
        case .realtime: guard fields.priority < 100 else { return }
        }
        add(.waking, record, pid: fields.pid)
      } else if let timers, record.id == timers.startID {
        guard let pid = timers.pid.integer(page, record),
          pids.contains(Int32(truncatingIfNeeded: pid)),
          let timer = timers.startTimer.integer(page, record),
          let expires = timers.expires.integer(page, record)
        else { return }
        add(
          .armed, record, pid: Int32(truncatingIfNeeded: pid), value: expires,
          timer: UInt64(bitPattern: timer))
      } else if let timers, record.id == timers.fireID {
        guard let timer = timers.fireTimer.integer(page, record),
          let now = timers.now.integer(page, record)
        else { return }
        add(.fired, record, pid: 0, value: now, timer: UInt64(bitPattern: timer))
      }
    }
    self.steps = steps
    self.names = names
    self.pids = pids
    return result.records
  }
}

/// Where the numbers of the hrtimer events stand.
private struct TimerFields {
  var startID: UInt16
  var pid: FieldSlot
  var startTimer: FieldSlot
  var expires: FieldSlot
  var fireID: UInt16
  var fireTimer: FieldSlot
  var now: FieldSlot

  init?(_ schema: Schema) {
    guard let start = schema.format(system: "timer", name: "hrtimer_start"),
      let fire = schema.format(system: "timer", name: "hrtimer_expire_entry"),
      let pid = schema.slot("common_pid", of: start),
      let startTimer = schema.slot("hrtimer", of: start),
      let expires = schema.slot("softexpires", of: start),
      let fireTimer = schema.slot("hrtimer", of: fire), let now = schema.slot("now", of: fire)
    else { return nil }
    startID = start.id
    self.pid = pid
    self.startTimer = startTimer
    self.expires = expires
    fireID = fire.id
    self.fireTimer = fireTimer
    self.now = now
  }
}
