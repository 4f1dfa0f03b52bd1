package import Analysis
package import RingBuffer
internal import TraceModel

/// Turns sub-buffer pages into the events of a run-queue replay, without making text of them.
package struct RunQueueDecoder {
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
  }

  package let decoder: TraceDecoder
  let labels: LabelTable
  /// By the events' numbers.
  private var plans: [Plan?] = []
  private let switching: SwitchReader?
  private let waking: WakeReader?
  private let wakeup: WakeReader?
  private let wakeupNew: WakeReader?
  private let pid: FieldSlot?
  private let flags: FieldSlot?
  private let kernelWaits: KernelWaitReader?

  package init(_ decoder: TraceDecoder, labels: LabelTable) {
    self.decoder = decoder
    self.labels = labels
    let schema = decoder.schema
    switching = schema.schedSwitch
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
  }

  private mutating func set(_ id: UInt16, _ plan: Plan) {
    let number = Int(id)
    if number >= plans.count {
      plans.append(contentsOf: repeatElement(nil, count: number + 1 - plans.count))
    }
    plans[number] = plan
  }

  private mutating func change(_ id: UInt16, _ body: (inout Plan) -> Void) {
    guard Int(id) < plans.count, var plan = plans[Int(id)] else { return }
    body(&plan)
    plans[Int(id)] = plan
  }

  private mutating func planWork(
    _ kind: RunQueueEvent.Kind, _ id: UInt16, _ work: FieldSlot?, _ function: FieldSlot?
  ) {
    guard let work else { return }
    set(id, Plan(kind: kind, first: work, second: function, isWork: true))
  }

  private mutating func planFunction(_ id: UInt16, _ function: FieldSlot?) {
    guard let function else { return }
    set(id, Plan(kind: .functionEntry, first: nil, second: function, isWork: true))
  }

  /// Adds the events of a page to `events`; gives the mark of events lost before the page.
  package func decode(
    _ page: RawSpan, cpu: Int32, into events: inout [RunQueueEvent]
  ) -> (lost: LostMark, status: PageStatus) {
    let reader = decoder.reader
    let lost = reader.header(of: page)?.lost ?? .none
    let mark = events.count
    let status = reader.forEachRecord(in: page, pageSize: decoder.pageSize) { record in
      let owner = pid?.integer(page, record) ?? -1
      let context = flags?.integer(page, record) ?? 0
      func make(_ kind: RunQueueEvent.Kind) -> RunQueueEvent {
        var event = RunQueueEvent(
          kind: kind, time: record.stamp, cpu: cpu, pid: Int32(truncatingIfNeeded: owner))
        event.flags = UInt8(truncatingIfNeeded: context)
        return event
      }
      func wake(_ kind: RunQueueEvent.Kind, _ reader: WakeReader) {
        guard let fields = reader.read(page, record) else { return }
        var event = make(kind)
        event.task = fields.pid
        event.priority = fields.priority
        event.target = fields.targetCPU
        let comm = reader.comm(page, record)
        event.name = TaskName(low: comm.low, high: comm.high)
        events.append(event)
      }
      if let switching, record.id == switching.id {
        guard let fields = switching.read(page, record) else { return true }
        var event = make(.switched)
        event.task = fields.previousPid
        event.priority = fields.previousPriority
        event.isRunnable = switching.states.isRunnable(fields.previousState)
        // EXIT_DEAD and EXIT_ZOMBIE, whichever of the two bits is which on this kernel.
        event.isEnding = !event.isRunnable && fields.previousState & 0x30 != 0
        event.other = fields.nextPid
        event.otherPriority = fields.nextPriority
        let previous = switching.previousComm(page, record)
        let next = switching.nextComm(page, record)
        event.name = TaskName(low: previous.low, high: previous.high)
        event.otherName = TaskName(low: next.low, high: next.high)
        events.append(event)
      } else if let waking, record.id == waking.id {
        wake(.waking, waking)
      } else if let wakeup, record.id == wakeup.id {
        wake(.wakeup, wakeup)
      } else if let wakeupNew, record.id == wakeupNew.id {
        wake(.wakeupNew, wakeupNew)
      } else if let kernelWaits, record.id == kernelWaits.id {
        var event = make(.waited)
        if kernelWaits.read(page, record, into: &event) { events.append(event) }
      } else if Int(record.id) < plans.count, let plan = plans[Int(record.id)] {
        if plan.isWhole {
          let whole = decoder.event(page, record, cpu: Int(cpu))
          if let event = RunQueueEvent(whole, labels: labels) { events.append(event) }
        } else {
          var event = make(plan.kind)
          fill(&event, plan, page, record)
          events.append(event)
        }
      }
      return true
    }
    if lost != .none {
      let time = mark < events.count ? events[mark].time : events.last?.time ?? 0
      var event = RunQueueEvent(kind: .lost, time: time, cpu: cpu, pid: 0)
      if case .count(let count) = lost {
        event.value = Int64(clamping: count)
      } else {
        event.value = -1
      }
      events.insert(event, at: mark)
    }
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
    case .syscallEnter: event.value = first
    case .syscallExit:
      event.value = first
      event.result = second
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
