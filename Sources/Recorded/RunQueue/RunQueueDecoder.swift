package import Analysis
package import RingBuffer
internal import TraceModel

/// Turns sub-buffer pages into the events of a run-queue replay, without making text of them.
///
/// A class, because one is used for the pages of all CPUs.
package final class RunQueueDecoder {
  /// Which reader an event's records go to.
  private enum Route: UInt8 {
    case none, switched, waking, wakeup, wakeupNew, waited, plan
  }

  /// How the records of one event are read.
  private struct Plan {
    var kind: RunQueueEvent.Kind
    var first: FieldSlot?
    var second: FieldSlot?
    var label: Int32 = 0
    /// Read through the decoder's whole event.
    var isWhole = false
    /// Whether the first number is an address and the second a function.
    var isWork = false
    /// Whether only a search for lateness uses it.
    var isLateness = false
  }

  package let decoder: TraceDecoder
  let labels: LabelTable
  /// By the events' numbers.
  private var plans: [Plan?] = []
  /// By the events' numbers.
  private var routes: [Route] = []
  private let switching: SwitchSlots?
  private let waking: WakeReader?
  private let wakeup: WakeReader?
  private let wakeupNew: WakeReader?
  private let pid: FieldSlot?
  private let flags: FieldSlot?
  private let kernelWaits: KernelWaitReader?

  /// - Parameter findsLateness: Whether the events that only a search for lateness uses are read
  ///   too.
  package init(_ decoder: TraceDecoder, labels: LabelTable, findsLateness: Bool = false) {
    self.decoder = decoder
    self.labels = labels
    let schema = decoder.schema
    switching = schema.schedSwitch?.slots
    waking = schema.schedWaking
    wakeup = schema.schedWakeup
    wakeupNew = schema.schedWakeupNew
    let formats = schema.formats
    pid = formats.first.flatMap { schema.slot("common_pid", of: $0) }
    flags = formats.first.flatMap { schema.slot("common_flags", of: $0) }
    kernelWaits = formats.lazy.compactMap { KernelWaitReader($0, schema) }.first
    for format in formats {
      func slot(_ names: String...) -> FieldSlot? {
        names.lazy.compactMap { schema.slot($0, of: format) }.first
      }
      func plan(_ kind: RunQueueEvent.Kind, _ first: FieldSlot?, _ second: FieldSlot? = nil) {
        if first != nil { set(format.id, Plan(kind: kind, first: first, second: second)) }
      }
      switch "\(format.system):\(format.name)" {
      case "sched:sched_migrate_task": plan(.migrate, slot("pid"), slot("dest_cpu"))
      case "sched:sched_process_fork": plan(.fork, slot("child_pid"))
      case "task:task_newtask": plan(.fork, slot("pid"), slot("clone_flags"))
      case "task:task_rename", "sched:sched_process_exec": plan(.rename, slot("pid"))
      case "irq:irq_handler_entry":
        plan(.irqEntry, slot("irq"))
        change(format.id) { $0.isWhole = true }
      case "irq:irq_handler_exit": plan(.irqExit, slot("irq"))
      case "irq:softirq_raise": plan(.softirqRaise, slot("vec"))
      case "irq:softirq_entry": plan(.softirqEntry, slot("vec"))
      case "irq:softirq_exit": plan(.softirqExit, slot("vec"))
      case "timer:timer_expire_entry": planFunction(format.id, slot("function"))
      case "irq:tasklet_entry": planFunction(format.id, slot("func", "function"))
      case "timer:timer_expire_exit": plan(.functionExit, slot("timer"))
      case "irq:tasklet_exit": plan(.functionExit, slot("tasklet"))
      case "raw_syscalls:sys_enter": plan(.syscallEnter, slot("id"))
      case "raw_syscalls:sys_exit": plan(.syscallExit, slot("id"), slot("ret"))
      case "workqueue:workqueue_queue_work":
        planWork(.workQueue, format.id, slot("work"), slot("function"))
      case "workqueue:workqueue_activate_work":
        planWork(.workActivate, format.id, slot("work"), slot("function"))
      case "workqueue:workqueue_execute_start":
        planWork(.workStart, format.id, slot("work"), slot("function"))
      case "workqueue:workqueue_execute_end":
        planWork(.workEnd, format.id, slot("work"), slot("function"))
      default:
        if findsLateness, let plan = latenessPlan(format, slot: { slot($0) }) {
          set(format.id, plan)
          continue
        }
        guard format.system == "irq_vectors" else { continue }
        if format.name.hasSuffix("_entry") {
          plan(.vectorEntry, slot("vector"))
          change(format.id) { $0.label = labels.number(String(format.name.dropLast(6))) }
        } else if format.name.hasSuffix("_exit") {
          plan(.vectorExit, slot("vector"))
          change(format.id) { $0.label = labels.number(String(format.name.dropLast(5))) }
        }
      }
    }
    routes = plans.map { $0 == nil ? .none : .plan }
    // Of two readers of one number the first one counts.
    for (id, route) in [
      (kernelWaits?.id, Route.waited), (wakeupNew?.id, .wakeupNew), (wakeup?.id, .wakeup),
      (waking?.id, .waking), (switching?.id, .switched),
    ] {
      guard let id = id.map(Int.init) else { continue }
      if id >= routes.count {
        routes.append(contentsOf: repeatElement(.none, count: id + 1 - routes.count))
      }
      routes[id] = route
    }
  }

  /// The formats of the events that a replay uses; a kernel has thousands of others.
  static func used(_ formats: [FormatText], findsLateness: Bool = false) -> [FormatText] {
    var systems: Set<String> = [
      "sched", "task", "irq", "timer", "raw_syscalls", "workqueue", "irq_vectors", "synthetic",
    ]
    if findsLateness { systems.formUnion(["power", "ipi", "csd", "exceptions", "preemptirq"]) }
    return formats.filter { systems.contains($0.system) }
  }

  /// How an event is read that only a search for lateness uses; nil for all others.
  private func latenessPlan(
    _ format: EventFormat, slot: (String) -> FieldSlot?
  ) -> Plan? {
    func plan(_ kind: RunQueueEvent.Kind, _ first: String, _ second: String? = nil) -> Plan? {
      guard let one = slot(first) else { return nil }
      return Plan(kind: kind, first: one, second: second.flatMap(slot), isLateness: true)
    }
    func whole(_ kind: RunQueueEvent.Kind) -> Plan {
      Plan(kind: kind, isWhole: true, isLateness: true)
    }
    return switch "\(format.system):\(format.name)" {
    case "timer:hrtimer_start": plan(.timerArmed, "hrtimer", "expires")
    case "timer:hrtimer_expire_entry": plan(.timerExpired, "hrtimer", "now")
    case "timer:hrtimer_expire_exit": plan(.timerDone, "hrtimer")
    case "power:cpu_idle": plan(.idle, "state", "cpu_id")
    case "sched:sched_blocked_reason": plan(.blockedReason, "pid")
    case "exceptions:page_fault_user", "exceptions:page_fault_kernel": plan(.pageFault, "address")
    case "preemptirq:irq_disable": Plan(kind: .irqsDisabled, isLateness: true)
    case "preemptirq:irq_enable": Plan(kind: .irqsEnabled, isLateness: true)
    case "preemptirq:preempt_disable": Plan(kind: .preemptDisabled, isLateness: true)
    case "preemptirq:preempt_enable": Plan(kind: .preemptEnabled, isLateness: true)
    case "ipi:ipi_send_cpu", "ipi:ipi_send_cpumask", "ipi:ipi_raise": whole(.callSent)
    case "ipi:ipi_entry": whole(.callTaken)
    default: nil
    }
  }

  private func set(_ id: UInt16, _ plan: Plan) {
    let number = Int(id)
    if number >= plans.count {
      plans.append(contentsOf: repeatElement(nil, count: number + 1 - plans.count))
    }
    plans[number] = plan
  }

  private func change(_ id: UInt16, _ body: (inout Plan) -> Void) {
    guard Int(id) < plans.count, var plan = plans[Int(id)] else { return }
    body(&plan)
    plans[Int(id)] = plan
  }

  private func planWork(
    _ kind: RunQueueEvent.Kind, _ id: UInt16, _ work: FieldSlot?, _ function: FieldSlot?
  ) {
    guard let work else { return }
    set(id, Plan(kind: kind, first: work, second: function, isWork: true))
  }

  private func planFunction(_ id: UInt16, _ function: FieldSlot?) {
    guard let function else { return }
    set(id, Plan(kind: .functionEntry, first: nil, second: function, isWork: true))
  }

  /// Adds the events of a page to `events`; gives the mark of events lost before the page.
  ///
  /// `last` is the stamp of the buffer's event before, for a page that lost events and has none.
  @_optimize(speed) package func decode(
    _ page: RawSpan, cpu: Int32, into events: inout [RunQueueEvent], after last: Int64 = 0
  ) -> (lost: LostMark, status: PageStatus) {
    let reader = decoder.reader
    let lost = reader.header(of: page)?.lost ?? .none
    let mark = events.count
    if lost != .none {
      var event = RunQueueEvent(kind: .lost, time: last, cpu: cpu, pid: 0)
      event.value = -1
      if case .count(let count) = lost { event.value = Int64(clamping: count) }
      events.append(event)
    }
    let routes = routes
    let switching = switching
    let status = reader.forEachRecord(in: page, pageSize: decoder.pageSize) { record in
      let id = Int(record.id)
      guard id < routes.count else { return true }
      let route = routes[id]
      guard route != .none else { return true }
      let owner = pid?.integer(page, record) ?? -1
      let context = flags?.integer(page, record) ?? 0
      func make(_ kind: RunQueueEvent.Kind) -> RunQueueEvent {
        var event = RunQueueEvent(
          kind: kind, time: record.stamp, cpu: cpu, pid: Int32(truncatingIfNeeded: owner))
        event.flags = UInt8(truncatingIfNeeded: context)
        return event
      }
      func wake(_ kind: RunQueueEvent.Kind, _ reader: WakeReader?) {
        guard let reader, let fields = reader.read(page, record) else { return }
        var event = make(kind)
        event.task = fields.pid
        event.priority = fields.priority
        event.target = fields.targetCPU
        let comm = reader.comm(page, record)
        event.name = TaskName(low: comm.low, high: comm.high)
        events.append(event)
      }
      switch route {
      case .none: break
      case .switched:
        guard let switching, let fields = switching.read(page, record) else { return true }
        var event = make(.switched)
        event.task = fields.previousPid
        event.priority = fields.previousPriority
        event.isRunnable = switching.isRunnable(fields.previousState)
        // EXIT_DEAD and EXIT_ZOMBIE, whichever of the two bits is which on this kernel.
        event.isEnding = !event.isRunnable && fields.previousState & 0x30 != 0
        // TASK_UNINTERRUPTIBLE without TASK_NOLOAD, which kernels before 4.14 store as it is.
        event.isBlocked = !event.isRunnable && fields.previousState & 0x402 == 2
        event.other = fields.nextPid
        event.otherPriority = fields.nextPriority
        let previous = switching.previousComm(page, record)
        let next = switching.nextComm(page, record)
        event.name = TaskName(low: previous.low, high: previous.high)
        event.otherName = TaskName(low: next.low, high: next.high)
        events.append(event)
      case .waking: wake(.waking, waking)
      case .wakeup: wake(.wakeup, wakeup)
      case .wakeupNew: wake(.wakeupNew, wakeupNew)
      case .waited:
        var event = make(.waited)
        if let kernelWaits, kernelWaits.read(page, record, into: &event) { events.append(event) }
      case .plan:
        guard let plan = plans[id] else { return true }
        if plan.isWhole {
          let whole = decoder.event(page, record, cpu: Int(cpu))
          let made =
            plan.isLateness
            ? RunQueueEvent(lateness: whole, labels: labels)
            : RunQueueEvent(whole, labels: labels)
          if let made { events.append(made) }
        } else {
          var event = make(plan.kind)
          fill(&event, plan, page, record)
          events.append(event)
        }
      }
      return true
    }
    if lost != .none, mark + 1 < events.count { events[mark].time = events[mark + 1].time }
    return (lost, status)
  }

  private func fill(
    _ event: inout RunQueueEvent, _ plan: Plan, _ page: RawSpan, _ record: RecordRef
  ) {
    let first = plan.first?.integer(page, record) ?? 0
    let second = plan.second?.integer(page, record) ?? 0
    event.label = plan.label
    switch plan.kind {
    case .migrate:
      event.task = Int32(truncatingIfNeeded: first)
      event.target = Int32(truncatingIfNeeded: second)
    case .fork:
      event.task = Int32(truncatingIfNeeded: first)
      event.target = second & 0x10000 != 0 ? 1 : 0
    case .rename: event.task = Int32(truncatingIfNeeded: first)
    case .syscallEnter, .pageFault: event.value = first
    case .syscallExit, .timerArmed, .timerExpired, .timerDone:
      event.value = first
      event.result = second
    case .blockedReason: event.task = Int32(truncatingIfNeeded: first)
    case .idle:
      // The exit is -1 as a number of 32 bits.
      event.target = Int32(truncatingIfNeeded: first)
      event.other = Int32(truncatingIfNeeded: second)
    default:
      if plan.isWork {
        event.value = first
        if second != 0 {
          let place = decoder.symbols.location(UInt64(bitPattern: second))
          event.label = labels.number(place.name)
        }
      } else {
        event.target = Int32(truncatingIfNeeded: first)
      }
    }
  }
}
