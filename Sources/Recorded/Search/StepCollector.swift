internal import RingBuffer
internal import TraceModel

/// Keeps the records of one CPU that concern the wanted tasks.
///
/// Unchecked, because each collector is used by one thread at a time (`Parallel`).
final class StepCollector: @unchecked Sendable {
  enum Kind { case waking, left, leftRunnable, entered, armed, fired }

  /// A record that matters, in the least room.
  struct Step {
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

  /// What the last slice held.
  private(set) var steps: [Step] = []
  /// Names of the tasks that got the CPU.
  private(set) var names: [Int32: CommBytes] = [:]
  /// Records walked so far.
  private(set) var records = 0
  private let cpu: Int
  private let match: Match
  private let switching: SwitchReader
  private let waking: WakeReader
  private let new: WakeReader
  private let timers: TimerFields?
  private let sieve: Sieve
  /// Threads that the name stood for so far.
  var pids: [Int32] = []
  /// Which part of a slice it walks.
  let part: Int

  /// nil where the trace lacks the events.
  init?(_ schema: Schema, cpu: Int, part: Int = 0, task: TaskSelector?) {
    guard let switching = schema.schedSwitch, let waking = schema.schedWaking ?? schema.schedWakeup
    else { return nil }
    self.cpu = cpu
    self.part = part
    self.switching = switching
    self.waking = waking
    new = schema.schedWakeupNew ?? waking
    timers = TimerFields(schema)
    // Ids of the kernel are below 2^16 - 1.
    sieve = Sieve(
      filter: RecordFilter(schema, task: task), switchID: switching.id, wakingID: waking.id,
      newID: new.id, startID: timers?.startID ?? .max, fireID: timers?.fireID ?? .max)
    match =
      switch task {
      case .pid(let pid): .pid(pid)
      case .comm(let comm): .comm(CommBytes(comm))
      case nil: .realtime
      }
    if case .pid(let pid) = task { pids = [pid] }
  }

  /// Forgets the steps.
  func forget() { steps.removeAll(keepingCapacity: true) }

  /// Walks a slice of time.
  func collect(_ decoder: TraceDecoder, in slice: TimeSpan) {
    forget()
    let sieve = sieve
    let result = decoder.forEachRecord(cpu: cpu, in: slice) { page, record in
      take(sieve, page, record)
    }
    records += result.records
  }

  /// Walks a page; gives the newest stamp in it.
  func collect(_ page: RawSpan, _ reader: PageReader, pageSize: Int) -> Int64 {
    let sieve = sieve
    var newest = Int64.min
    var count = 0
    _ = reader.forEachRecord(in: page, pageSize: pageSize) { record in
      take(sieve, page, record)
      newest = max(newest, record.stamp)
      count += 1
      return true
    }
    records += count
    return newest
  }

  /// What decides whether a record matters.
  private struct Sieve {
    var filter: RecordFilter
    var switchID: UInt16
    var wakingID: UInt16
    var newID: UInt16
    var startID: UInt16
    var fireID: UInt16
  }

  @inline(__always) private func take(_ sieve: Sieve, _ page: RawSpan, _ record: RecordRef) {
    let id = record.id
    guard
      !sieve.filter.isUsable || id == sieve.startID || id == sieve.fireID
        || sieve.filter.mayMatch(page, record)
    else { return }
    takeWhole(sieve, page, record)
  }

  @inline(never) private func takeWhole(_ sieve: Sieve, _ page: RawSpan, _ record: RecordRef) {
    let id = record.id
    if id == sieve.switchID {
      takeSwitch(page, record)
    } else if id == sieve.wakingID || id == sieve.newID {
      takeWaking(id == sieve.wakingID ? waking : new, page, record)
    } else if id == sieve.startID || id == sieve.fireID {
      takeTimer(page, record)
    }
  }

  private func add(
    _ kind: Kind, _ record: RecordRef, pid: Int32, priority: Int32 = 0, value: Int64 = 0,
    timer: UInt64 = 0
  ) {
    steps.append(
      Step(
        time: record.stamp, value: value, timer: timer, pid: pid, priority: priority,
        cpu: Int32(truncatingIfNeeded: cpu), kind: kind))
  }

  private func takeSwitch(_ page: RawSpan, _ record: RecordRef) {
    guard let fields = switching.read(page, record) else { return }
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
      isNext = KernelPriority(fields.nextPriority).isRealtime && fields.nextPid != 0
      isPrevious =
        KernelPriority(fields.previousPriority).isRealtime && fields.previousPid != 0
    }
    if isPrevious {
      add(
        switching.states.isRunnable(fields.previousState) ? .leftRunnable : .left, record,
        pid: fields.previousPid)
    }
    if isNext {
      if names[fields.nextPid] == nil { names[fields.nextPid] = switching.nextComm(page, record) }
      if !pids.contains(fields.nextPid) { pids.append(fields.nextPid) }
      add(.entered, record, pid: fields.nextPid, priority: fields.nextPriority)
    }
  }

  private func takeWaking(_ reader: WakeReader, _ page: RawSpan, _ record: RecordRef) {
    guard let fields = reader.read(page, record) else { return }
    switch match {
    case .pid(let pid): guard fields.pid == pid else { return }
    case .comm(let comm): guard reader.comm(page, record) == comm else { return }
    case .realtime: guard KernelPriority(fields.priority).isRealtime else { return }
    }
    add(.waking, record, pid: fields.pid)
  }

  private func takeTimer(_ page: RawSpan, _ record: RecordRef) {
    guard let timers else { return }
    if record.id == timers.startID {
      guard let pid = timers.pid.integer(page, record),
        pids.isEmpty || pids.contains(Int32(truncatingIfNeeded: pid)),
        let timer = timers.startTimer.integer(page, record),
        let expires = timers.expires.integer(page, record)
      else { return }
      add(
        .armed, record, pid: Int32(truncatingIfNeeded: pid), value: expires,
        timer: UInt64(bitPattern: timer))
    } else if let timer = timers.fireTimer.integer(page, record),
      let now = timers.now.integer(page, record)
    {
      add(.fired, record, pid: 0, value: now, timer: UInt64(bitPattern: timer))
    }
  }
}

/// Where the numbers of the hrtimer events are.
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
