import TraceModel

/// What a trace without stacks still says of a late timer interrupt: whom it interrupted, and what
/// that task had done before.
struct LateInterrupt {
  /// The late interrupt's first event.
  var event: TraceEvent
  /// The task that it interrupted.
  var task: TaskIdentity
  /// From the last sign of enabled interrupts, or the expiry, to the interrupt.
  var span: TimeSpan
  /// The functions that a function tracer wrote in it.
  var traced: TracedCalls
  /// The fork by kthreadd that made the task: a kernel thread never runs user space.
  var birth: TraceEvent?
  /// Other interrupts that were entered together with it.
  var pending: [TraceEvent]

  /// nil where the stack of the interrupted code is there, the interrupt was on time, or it
  /// interrupted idle.
  init?(_ spike: SpikeCase) {
    guard spike.interrupted == nil,
      let interrupt = spike.times.interruptEvent ?? spike.softTimer?.interrupt
        ?? spike.times.wakingEvent, interrupt.pid > 0,
      let events = spike.timeline[cpu: interrupt.cpu]?.events
    else { return nil }
    let late = TimeSpan(spike.sample.expiry, max(interrupt.time, spike.sample.expiry))
    guard late.length >= max(spike.floor, Nanoseconds(microseconds: 20)) else { return nil }
    let before = events.prefix {
      ($0.time, $0.position) < (interrupt.time, interrupt.position)
    }
    // Another task may have run up to here without a switch in the trace.
    let entered = before.last { if case .switched = $0.payload { true } else { false } }
    if case .switched(let change) = entered?.payload, change.next.pid != interrupt.pid {
      return nil
    }
    let begin = before.last { Self.endsSection($0) }?.time ?? late.start
    event = interrupt
    task = spike.names.task(interrupt.pid, at: interrupt.time)
    let span = TimeSpan(max(begin, late.start), interrupt.time)
    self.span = span
    traced = TracedCalls(before.filter { $0.context.irqsOff || $0.time >= span.start })
    birth = spike.timeline.birth(of: interrupt.pid)
    let close = Nanoseconds(microseconds: 5)
    pending = events.filter { other in
      guard other != interrupt, other.time >= interrupt.time - close,
        other.time <= interrupt.time + close
      else { return false }
      switch other.payload {
      case .irqEntry, .vectorEntry: return true
      default: return false
      }
    }
  }

  /// The function in which most of the late time went by, by a function tracer's lines.
  var function: String? { traced.dominant(in: span) }

  /// Whether the task is a kernel thread: by its fork, else by its name.
  var isKernelThread: Bool { birth != nil || KernelTasks.isKernelThread(task.comm) }

  /// Whether it looks as if the CPU had paused in code that can be interrupted: preemption was
  /// enabled, and several interrupts had become pending.
  var looksLikePause: Bool {
    event.context.preemptDepth == 0 && !pending.isEmpty && !isKernelThread
  }

  /// Whether the event says that interrupts were enabled, or that another task ran up to here.
  private static func endsSection(_ event: TraceEvent) -> Bool {
    if case .switched = event.payload { return true }
    return !event.context.irqsOff && !event.context.inHardIRQ && !event.context.inNMI
  }
}

extension Timeline {
  /// The event by which kthreadd (2) forked a task.
  fileprivate func birth(of pid: Int32) -> TraceEvent? {
    for track in cpus {
      let found = track.events.last { event in
        guard event.pid == 2, case .other(let other) = event.payload,
          other.name == "sched_process_fork"
        else { return false }
        return other.fields.contains { $0.name == "child_pid" && Int32($0.value) == pid }
      }
      if let found { return found }
    }
    return nil
  }
}
