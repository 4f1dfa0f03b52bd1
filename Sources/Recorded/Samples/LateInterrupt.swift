internal import Analysis
internal import TraceModel

/// What a trace without stacks still says of a late timer interrupt: whom it interrupted, and what that had
/// been doing.
struct LateInterrupt {
  var finding: Finding

  /// Looks at an analysis that found no cause, or one without a name; nil where the timer was not late or nothing is known.
  init?(_ analysis: SpikeAnalysis, in timeline: Timeline) {
    // A section without a name is what the rule says where there is no stack.
    let verdict = analysis.culprit
    guard
      verdict.culprit == .unknown
        || (verdict.culprit == .irqsOff && verdict.name.isEmpty && verdict.confidence <= .possible)
    else { return nil }
    let times = analysis.times
    guard let interrupt = times.interruptEvent ?? times.wakingEvent, interrupt.pid > 0 else {
      return nil
    }
    let late = TimeSpan(times.expiry, interrupt.time)
    guard late.length * 2 >= analysis.sample.latency,
      let events = timeline[cpu: interrupt.cpu]?.events
    else { return nil }
    let before = events.filter {
      $0.time <= interrupt.time && ($0.time, $0.position) < (interrupt.time, interrupt.position)
    }
    // Only while the same task had the CPU, and from its last sign of enabled interrupts on.
    let entered = before.last { event in
      if case .switched = event.payload { return true }
      return false
    }
    if case .switched(let change) = entered?.payload, change.next.pid != interrupt.pid {
      return nil
    }
    let begin = before.last { Self.endsSection($0) }?.time ?? late.start
    let span = TimeSpan(max(begin, late.start), interrupt.time)
    guard span.length * 2 >= analysis.sample.latency else { return nil }
    let task = timeline.task(interrupt.pid)
    var evidence = [
      Evidence(
        interrupt,
        note: "late by \(late.length.microseconds) us, interrupted \(task.text)")
    ]
    var name = ""
    var confidence = Confidence.possible
    let disabled = before.last { Self.name($0) == "irq_disable" && $0.pid == interrupt.pid }
    let enabled = events.first {
      Self.name($0) == "irq_enable" && $0.time >= span.start && $0.time <= interrupt.time
        && $0.pid == interrupt.pid
    }
    let section = disabled.flatMap { start in
      before.last { Self.name($0) == "irq_enable" && $0.time > start.time }
    }
    let functions = SectionFunctions(before.filter { $0.context.irqsOff || $0.time >= span.start })
    if let end = section ?? enabled,
      let start = before.last(where: { Self.name($0) == "irq_disable" && $0.time < end.time })
    {
      name = Self.caller(start) ?? ""
      evidence += [Evidence(start, note: "begin"), Evidence(end, note: "end")]
      let covered = TimeSpan(start.time, end.time).clipped(to: late)?.length ?? .zero
      confidence = covered * 5 >= late.length * 4 ? .proven : .possible
    }
    if name.isEmpty, let dominant = functions.dominant(in: late) {
      name = dominant
      confidence = .likely
      evidence += functions.calls.filter { late.contains($0.event.time) }.prefix(2).map {
        Evidence($0.event)
      }
    }
    var culprit = CulpritClass.irqsOff
    if name.isEmpty {
      if let birth = Self.kernelThread(interrupt.pid, timeline) {
        // A kernel thread has no user space in which a hypervisor could be told from the kernel's code.
        confidence = .likely
        evidence.append(
          Evidence(birth, note: "a kernel thread: it runs with interrupts off or not at all"))
      }
      name = task.text
      if confidence == .possible {
        // Interrupts are switched off under a lock as a rule, and that shows in the preempt depth.
        let close = interrupt.time + Nanoseconds(microseconds: 5)
        let early = interrupt.time - Nanoseconds(microseconds: 5)
        let pending = events.filter { event in
          guard event.time >= early, event.time <= close else { return false }
          switch event.payload {
          case .irqEntry, .vectorEntry: return true
          default: return false
          }
        }
        let isKernelThread = Self.looksLikeKernelThread(task.comm)
        if interrupt.context.preemptDepth == 0, pending.count > 1, !isKernelThread {
          culprit = .hypervisor
          name = ""
          evidence += pending.filter { $0 != interrupt }.map {
            Evidence($0, note: "pending at the same time")
          }
        } else if interrupt.context.preemptDepth == 0, !isKernelThread {
          return nil
        }
      }
    }
    finding = Finding(
      culprit, name: name, confidence: confidence, spans: [span], evidence: evidence,
      nextStep: "The interrupt came late while \(task.text) ran; without the stack of the wake-up "
        + "the function is seen only by an irqsoff trace (-I) or a stacktrace trigger on "
        + "sched_waking. On a virtual machine the host may have held the CPU.")
  }

  private static func name(_ event: TraceEvent) -> String { event.payload.name }

  /// Whether the event says that interrupts were enabled, or that another task ran up to here.
  private static func endsSection(_ event: TraceEvent) -> Bool {
    if case .switched = event.payload { return true }
    return !event.context.irqsOff && !event.context.inHardIRQ && !event.context.inNMI
  }

  private static func caller(_ event: TraceEvent) -> String? {
    guard case .other(let other) = event.payload,
      let value = other.fields.first(where: { $0.name == "caller" })?.value
    else { return nil }
    let name = SectionFunctions.bare(value)
    return name.isEmpty ? nil : name
  }

  private static func looksLikeKernelThread(_ comm: String) -> Bool {
    ["kworker/", "ksoftirqd/", "irq/", "migration/", "rcu", "ktimers/", "kswapd", "irq_work/"]
      .contains { comm.hasPrefix($0) }
  }

  private static func kernelThread(_ pid: Int32, _ timeline: Timeline) -> TraceEvent? {
    timeline.cpus.flatMap(\.events).last { event in
      guard event.pid == 2, case .other(let other) = event.payload,
        other.name == "sched_process_fork"
      else { return false }
      return other.fields.contains { $0.name == "child_pid" && Int32($0.value) == pid }
    }
  }
}
