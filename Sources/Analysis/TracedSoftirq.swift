import TraceModel

/// A softirq in the lines of a latency tracer: consecutive lines in softirq context, of one vector.
struct TracedSoftirq {
  /// Its vector, empty where no line names it.
  var vector: String
  /// The time between two lines that are both in it, without what interrupted it.
  var spans: [TimeSpan] = []
  /// Its first line.
  var first: TraceEvent
  /// Its last line.
  var last: TraceEvent
  /// The line that raised it in a hard interrupt, nil where there is none.
  var raised: TraceEvent?
  /// The hard interrupt that raised it, or on whose way out it ran; empty where the lines name
  /// none.
  var interrupt = ""

  /// How long it ran.
  var length: Nanoseconds { Spans.length(spans) }

  /// Whether a line is in a softirq and in nothing that interrupted it.
  static func isInside(_ event: TraceEvent) -> Bool {
    event.context.inSoftIRQ && !event.context.inHardIRQ && !event.context.inNMI
  }

  /// The softirqs among the lines of a CPU in order.
  static func all(in events: some Sequence<TraceEvent>) -> [TracedSoftirq] {
    var reader = Reader()
    for event in events { reader.take(event) }
    return reader.found
  }

  /// Where it came from, as evidence.
  var origin: Evidence? {
    guard let raised else {
      return interrupt.isEmpty
        ? nil : Evidence(first, note: "at the exit of interrupt \(interrupt)")
    }
    let place = interrupt.isEmpty ? "an IRQ handler" : "interrupt \(interrupt)"
    return Evidence(raised, note: "raised in \(place)")
  }

  private struct Reader {
    var found: [TracedSoftirq] = []
    private var isOpen = false
    private var previous: TraceEvent?
    /// The lines of the hard interrupt that is read, or of the last one if only the way out of it
    /// came after it.
    private var interrupt: [TraceEvent] = []
    private var isInterruptOpen = false
    /// What was raised, by its vector; by an empty name where the line does not say which.
    private var raised: [String: (event: TraceEvent, interrupt: [TraceEvent])] = [:]

    init() {}

    mutating func take(_ event: TraceEvent) {
      defer { previous = event }
      let call = TracedCalls.call(event)
      if event.context.inHardIRQ {
        if !isInterruptOpen {
          isInterruptOpen = true
          interrupt = previous.map { [$0] } ?? []
        }
        // The entry and the handlers are at its begin.
        if interrupt.count < 200 { interrupt.append(event) }
        if let vector = Self.raises(event, call) { raised[vector] = (event, interrupt) }
        return
      }
      isInterruptOpen = false
      guard TracedSoftirq.isInside(event) else {
        isOpen = false
        if let call, !Self.isWayOut(call.function) { interrupt = [] }
        return
      }
      let vector = Self.vector(event, call)
      if isOpen, let previous, TracedSoftirq.isInside(previous), previous.pid == event.pid {
        found[found.count - 1].spans.append(TimeSpan(previous.time, event.time))
        found[found.count - 1].last = event
      }
      let known = isOpen ? found[found.count - 1].vector : nil
      if known == nil || (vector != nil && known?.isEmpty == false && known != vector) {
        begin(event, vector ?? "")
      } else if let vector, known?.isEmpty == true {
        found[found.count - 1].vector = vector
        origin()
      }
    }

    private mutating func begin(_ event: TraceEvent, _ vector: String) {
      found.append(TracedSoftirq(vector: vector, first: event, last: event))
      isOpen = true
      origin()
    }

    /// Says of the last one where it came from.
    private mutating func origin() {
      let index = found.count - 1
      let vector = found[index].vector
      let source = raised.removeValue(forKey: vector) ?? raised.removeValue(forKey: "")
      found[index].raised = source?.event
      let lines = source?.interrupt ?? interrupt
      found[index].interrupt = TracedInterrupt.all(in: lines).last?.name ?? ""
    }

    /// The vector that a line in a hard interrupt raises, empty where it does not say which; nil
    /// for other lines.
    private static func raises(_ event: TraceEvent, _ call: TracedCalls.Call?) -> String? {
      if case .softirqRaise(let vector) = event.payload { return SoftirqVector.name(of: vector) }
      return call.flatMap { KernelFunctions.raisedSoftirq($0.function) }
    }

    private static func vector(_ event: TraceEvent, _ call: TracedCalls.Call?) -> String? {
      switch event.payload {
      case .softirqEntry(let vector), .softirqExit(let vector): SoftirqVector.name(of: vector)
      default:
        [call?.function ?? "", call?.caller ?? ""].lazy.compactMap(KernelFunctions.softirq).first
      }
    }

    private static func isWayOut(_ function: String) -> Bool {
      KernelFunctions.isInterruptExit(function) || KernelFunctions.runsSoftirqs(function)
        || KernelFunctions.isHelper(function)
    }
  }
}

extension KernelFunctions {
  /// The vector that a function raises, empty for one that raises any; nil for other functions.
  static func raisedSoftirq(_ name: String) -> String? {
    switch String(name.prefix { $0 != "." }) {
    case "raise_softirq", "raise_softirq_irqoff", "__raise_softirq", "__raise_softirq_irqoff": ""
    case "__napi_schedule", "____napi_schedule", "__napi_schedule_irqoff", "napi_schedule_prep":
      SoftirqVector.netRx.name
    case "__tasklet_schedule", "__tasklet_schedule_common", "tasklet_schedule":
      SoftirqVector.tasklet.name
    case "blk_mq_raise_softirq", "blk_mq_complete_request_remote": SoftirqVector.block.name
    case "run_local_timers": SoftirqVector.timer.name
    case "trigger_load_balance", "sched_balance_trigger": SoftirqVector.sched.name
    case "invoke_rcu_core": SoftirqVector.rcu.name
    default: nil
    }
  }
}
