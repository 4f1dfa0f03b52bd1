internal import Analysis
internal import TraceModel

/// Goes once through the events of a trace and keeps the largest of all that can be late in it.
///
/// Bounded memory: one record a task and a CPU, a table of timers and of work items. Feed
/// `apply(_:)`, then `finish()`.
struct LatenessPass: EventSink {
  private(set) var tops: LatenessTops
  private var tasks = TaskWaits()
  private var cpus: [CPUWatch] = []
  private var timers: [Int64: (owner: Int32, expires: Int64)] = [:]
  private var works: [Int64: (time: Int64, label: Int32, cpu: Int32)] = [:]
  /// What a vector's label means: 1 a call, 0 a reschedule, -1 anything else, -2 not looked at yet.
  private var meanings: [Int8] = []
  private let labels: LabelTable
  /// Events that were applied.
  private(set) var count = 0
  /// Stamp of the last event.
  private var lastTime: Int64 = 0

  /// The last function line that calls other CPUs.
  private var anybody: CPUWatch.Call?

  /// A call that a function's line announces arrives within this time, in ns.
  private static let way: Int64 = 1_000_000
  /// Timers and work items that are remembered.
  private static let most = 65_536

  init(labels: LabelTable, filter: LatenessTops.Filter = LatenessTops.Filter()) {
    self.labels = labels
    tops = LatenessTops(filter)
  }

  /// Takes the next event; they come in order of time over all CPUs.
  @_optimize(speed) mutating func apply(_ event: RunQueueEvent) {
    var event = event
    // No clock of the kernel is after 0: any two stamps have a difference.
    event.time = max(0, event.time)
    let cpu = Int(event.cpu)
    guard cpu >= 0, cpu <= CPUSet.highest else { return }
    count &+= 1
    lastTime = max(lastTime, event.time)
    while cpus.count <= cpu { cpus.append(CPUWatch()) }
    notice(event, cpu)
    if let line = cpus[cpu].line { passed(line, event, cpu) }
    switch event.kind {
    case .switched:
      cpus[cpu].current = event.other
      cpus[cpu].expiring = nil
      tasks.switched(event, &tops)
    case .waking, .wakeup, .wakeupNew: woken(event, cpu)
    case .migrate: tasks.migrated(event)
    case .irqEntry, .irqExit, .vectorEntry, .vectorExit: interrupt(event, cpu)
    case .softirqRaise: cpus[cpu].raise(event)
    case .softirqEntry: softirq(event, cpu)
    case .softirqExit:
      if let entered = cpus[cpu].leaveSoftirq(event) {
        offer(.softirqRun, event, from: entered, key: Int64(event.target))
      }
    case .workQueue:
      if works.count >= Self.most { works.removeAll(keepingCapacity: true) }
      works[event.value] = (event.time, event.label, event.cpu)
    case .workStart:
      if let item = works.removeValue(forKey: event.value), item.time <= event.time {
        let label = event.label != 0 ? event.label : item.label
        offer(
          .work, event, from: item.time, key: Int64(label), label: label, origin: item.cpu,
          victim: event.pid)
      }
    case .timerArmed:
      if timers.count >= Self.most { timers.removeAll(keepingCapacity: true) }
      timers[event.value] = (event.pid, event.result)
    case .timerExpired: expired(event, cpu)
    case .timerDone: expiredTimer(cpu)
    case .idle: idle(event)
    case .callSent: event.target == 2 ? announced(event) : sent(event)
    case .callTaken: if event.target >= 0 { taken(event, Int(event.target), cpu) }
    case .irqsDisabled, .irqsEnabled, .preemptDisabled, .preemptEnabled: section(event, cpu)
    case .lost: lost(event, cpu)
    case .function: cpus[cpu].line = (event.time, event.pid, event.label)
    case .syscallEnter, .syscallExit:
      // Interrupts are enabled there: what was sent before has been taken, whatever was recorded of
      // it.
      for kind in 0...1 {
        if let call = cpus[cpu].calls[kind], event.time &- call.time > 50_000 {
          cpus[cpu].calls[kind] = nil
        }
      }
    case .functionEntry, .functionExit, .workActivate, .workEnd, .fork, .rename, .waited,
      .blockedReason, .pageFault:
      break
    }
    cpus[cpu].latest = event.time
  }

  /// Every event names the task that is current: where it is not the one that the last switch let
  /// run, a switch is missing.
  @_optimize(speed) private mutating func notice(_ event: RunQueueEvent, _ cpu: Int) {
    let pid = event.kind == .switched ? event.task : event.pid
    guard event.kind != .lost, pid >= 0, cpus[cpu].current != pid else { return }
    tasks.isCurrent(pid, after: max(0, cpus[cpu].latest), cpu: event.cpu, &tops)
    cpus[cpu].current = pid
  }

  /// Offers a stretch that ends with the event.
  @_optimize(speed) private mutating func offer(
    _ kind: LatenessKind, _ event: RunQueueEvent, from start: Int64, key: Int64,
    label: Int32 = 0, origin: Int32 = -1, victim: Int32 = 0, isFirst: Bool = false
  ) {
    let length = event.time &- start
    let priority = victim > 0 ? tasks.priority(victim) : 120
    let isRealtime = KernelPriority(priority).isKnownRealtime
    guard length >= 0, tops.wants(kind, length, isRealtime: isRealtime, key: key) else { return }
    var candidate = LatenessCandidate(
      kind: kind, span: TimeSpan(Nanoseconds(start), Nanoseconds(event.time)),
      cpu: Int(event.cpu), victim: tasks.identity(victim), priority: KernelPriority(priority))
    candidate.what = labels.text(label)
    // A vector is known by its name.
    candidate.number = event.kind == .vectorExit ? -1 : Int64(event.target)
    candidate.origin = Int(origin)
    candidate.isFirst = isFirst
    tops.keep(candidate, isRealtime: isRealtime, key: key)
  }

  @_optimize(speed) private mutating func woken(_ event: RunQueueEvent, _ cpu: Int) {
    var due: Int64?
    if let expiring = cpus[cpu].expiring, expiring.owner == event.task {
      due = expiring.due
      cpus[cpu].expiring = nil
    }
    tasks.woken(event, due: due, &tops)
    // Who is enqueued on a CPU by another one's call has got through.
    if event.kind == .wakeup, event.target == event.cpu { cpus[cpu].calls[0] = nil }
  }

  @_optimize(speed) private mutating func interrupt(_ event: RunQueueEvent, _ cpu: Int) {
    switch event.kind {
    case .irqEntry:
      if let storm = cpus[cpu].interrupts.entered(event) { offer(storm) }
    case .irqExit:
      if let (entered, label) = cpus[cpu].interrupts.left(event) {
        offer(.handler, event, from: entered, key: Int64(event.target), label: label)
      }
    case .vectorEntry:
      cpus[cpu].interrupts.enteredVector(event)
      let meaning = meaning(of: event.label)
      if meaning >= 0 { taken(event, Int(meaning), cpu) }
    default:
      if let entered = cpus[cpu].interrupts.leftVector(event) {
        offer(
          .handler, event, from: entered, key: -1 &- Int64(event.label), label: event.label)
      }
    }
  }

  private mutating func offer(_ storm: LatenessCandidate) {
    let key = storm.number &* 65_536 &+ Int64(storm.cpu)
    guard tops.wants(.storm, storm.length.count, isRealtime: false, key: key) else { return }
    var named = storm
    named.what = labels.text(Int32(clamping: storm.origin))
    named.origin = -1
    tops.keep(named, isRealtime: false, key: key)
  }

  /// Whether a vector is that of another CPU's call.
  @_optimize(speed) private mutating func meaning(of label: Int32) -> Int8 {
    let place = Int(max(0, label))
    while meanings.count <= place { meanings.append(-2) }
    if meanings[place] == -2 {
      let name = labels.text(label)
      meanings[place] = name.hasPrefix("call_function") ? 1 : name == "reschedule" ? 0 : -1
    }
    return meanings[place]
  }

  @_optimize(speed) private mutating func softirq(_ event: RunQueueEvent, _ cpu: Int) {
    guard let raised = cpus[cpu].enterSoftirq(event), raised <= event.time else { return }
    let isThread = tasks.runsSoftirqs(event.pid)
    let key = Int64(event.target) &* 65_536 &+ Int64(cpu)
    guard tops.wants(.softirq, event.time &- raised, isRealtime: isThread, key: key) else { return }
    var candidate = LatenessCandidate(
      kind: .softirq, span: TimeSpan(Nanoseconds(raised), Nanoseconds(event.time)), cpu: cpu,
      victim: tasks.identity(isThread ? event.pid : 0), priority: KernelPriority(120))
    candidate.number = Int64(event.target)
    candidate.isThread = isThread
    tops.keep(candidate, isRealtime: isThread, key: key)
  }

  @_optimize(speed) private mutating func expired(_ event: RunQueueEvent, _ cpu: Int) {
    guard let timer = timers.removeValue(forKey: event.value) else {
      cpus[cpu].expiring = nil
      return
    }
    let (late, overflow) = event.result.subtractingReportingOverflow(timer.expires)
    guard !overflow, late >= 0, late <= event.time else { return }
    cpus[cpu].expiring = (timer.owner, event.time &- late)
    cpus[cpu].expired = event
  }

  /// hrtimer_expire_exit: where the timer woke its owner the wait of that one says all.
  @_optimize(speed) private mutating func expiredTimer(_ cpu: Int) {
    guard let expiring = cpus[cpu].expiring, let event = cpus[cpu].expired else { return }
    cpus[cpu].expiring = nil
    offer(.timer, event, from: expiring.due, key: Int64(cpu), victim: expiring.owner)
  }

  @_optimize(speed) private mutating func idle(_ event: RunQueueEvent) {
    let cpu = Int(event.other)
    guard cpus.indices.contains(cpu) else { return }
    if event.target >= 0 { cpus[cpu].hasIdled = true }
  }

  @_optimize(speed) private mutating func sent(_ event: RunQueueEvent) {
    let kind = event.target
    guard kind == 0 || kind == 1 else { return }
    for (mask, base) in [(event.value, 0), (event.result, 64)] {
      var rest = UInt64(bitPattern: mask)
      while rest != 0 {
        let cpu = base + rest.trailingZeroBitCount
        rest &= rest &- 1
        while cpus.count <= cpu { cpus.append(CPUWatch()) }
        if cpus[cpu].calls[Int(kind)] == nil {
          cpus[cpu].calls[Int(kind)] = CPUWatch.Call(
            time: event.time, sender: event.pid, cpu: event.cpu)
        }
      }
    }
  }

  /// A function that calls other CPUs: which ones, the line does not say.
  private mutating func announced(_ event: RunQueueEvent) {
    if let anybody, anybody.sender == event.pid, event.time &- anybody.time < Self.way / 10 {
      return
    }
    anybody = CPUWatch.Call(
      time: event.time, sender: event.pid, cpu: event.cpu)
  }

  @_optimize(speed) private mutating func taken(_ event: RunQueueEvent, _ kind: Int, _ cpu: Int) {
    guard kind < 2 else { return }
    let isFirst = !cpus[cpu].hasTaken[kind]
    cpus[cpu].hasTaken[kind] = true
    var call = cpus[cpu].calls[kind]
    cpus[cpu].calls[kind] = nil
    if call == nil, kind == 1, let anybody, anybody.cpu != event.cpu,
      event.time &- anybody.time < Self.way
    {
      call = anybody
    }
    guard let call, call.time <= event.time else { return }
    offer(
      .call, event, from: call.time,
      key: (Int64(cpu) &* 2 &+ Int64(kind)) &* 2 &+ (isFirst ? 1 : 0), origin: call.cpu,
      victim: call.sender, isFirst: isFirst)
  }

  @_optimize(speed) private mutating func section(_ event: RunQueueEvent, _ cpu: Int) {
    switch event.kind {
    case .irqsDisabled:
      cpus[cpu].irqsOff = (event.time, event.pid)
      cpus[cpu].hasIdled = false
    case .preemptDisabled:
      cpus[cpu].preemptOff = (event.time, event.pid)
      cpus[cpu].hasIdled = false
    case .irqsEnabled:
      let begin = cpus[cpu].irqsOff
      cpus[cpu].irqsOff = (0, 0)
      guard begin.time > 0, !cpus[cpu].hasIdled else { return }
      offer(.irqsOff, event, from: begin.time, key: Int64(event.pid), victim: event.pid)
    default:
      let begin = cpus[cpu].preemptOff
      cpus[cpu].preemptOff = (0, 0)
      guard begin.time > 0, begin.pid == event.pid, !cpus[cpu].hasIdled else { return }
      offer(.preemptOff, event, from: begin.time, key: Int64(event.pid), victim: event.pid)
    }
  }

  /// What went by since a line of the function tracer.
  private mutating func passed(
    _ line: (time: Int64, pid: Int32, label: Int32), _ event: RunQueueEvent, _ cpu: Int
  ) {
    cpus[cpu].line = nil
    guard line.pid == event.pid, line.pid != 0, event.kind != .lost else { return }
    offer(
      .stretch, event, from: line.time, key: Int64(line.label), label: line.label,
      victim: line.pid)
  }

  private mutating func lost(_ event: RunQueueEvent, _ cpu: Int) {
    for storm in cpus[cpu].interrupts.finish(event.cpu) { offer(storm) }
    for index in cpus.indices { cpus[index].forget() }
    tasks.forget()
    timers.removeAll(keepingCapacity: true)
    works.removeAll(keepingCapacity: true)
  }

  /// The trace ends.
  mutating func finish() {
    for cpu in cpus.indices {
      for storm in cpus[cpu].interrupts.finish(Int32(clamping: cpu)) { offer(storm) }
    }
    tasks.finish(
      at: lastTime,
      latest: { [cpus] cpu in
        cpus.indices.contains(Int(cpu)) ? cpus[Int(cpu)].latest : .min
      }, &tops)
  }
}
