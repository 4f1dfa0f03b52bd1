import TraceModel

/// A hard interrupt in the lines of a latency tracer, which has no events of interrupts: lines that
/// are in it one after the other.
///
/// It is charged with the time between its own first and last line, never with what comes after.
struct TracedInterrupt {
  /// Its first line, and its last one.
  var first: TraceEvent
  /// Its last line.
  var last: TraceEvent
  /// The handler of a driver, the vector or the entry function; empty where no line names one.
  var name = ""

  /// Whether a line names the handler itself, not only the way into the interrupt.
  var isOfDevice: Bool { !handlers.isEmpty }

  /// From the first line to the last one.
  var span: TimeSpan { TimeSpan(first.time, last.time) }

  /// The interrupts among the lines of a CPU in order.
  static func all(in events: some Sequence<TraceEvent>) -> [TracedInterrupt] {
    var found: [TracedInterrupt] = []
    var isOpen = false
    // What was written on the way in, before the context said that it is an interrupt.
    var entry = ""
    for event in events {
      let call = TracedCalls.call(event)
      let functions = [call?.function ?? "", call?.caller ?? ""]
      let isEntry = functions[0].isEmpty ? false : KernelFunctions.isInterruptPath(functions[0])
      guard event.context.inHardIRQ else {
        // Its own end is written when the context is not an interrupt's any more, and may say which
        // one it was.
        if isOpen, KernelFunctions.isInterruptExit(functions[0]),
          KernelFunctions.isInterruptPath(functions[1]), found[found.count - 1].entry.isEmpty
        {
          found[found.count - 1].entry = functions[1]
        }
        isOpen = false
        if isEntry {
          entry = KernelFunctions.isInterruptPath(functions[1]) ? functions[1] : functions[0]
        }
        continue
      }
      if !isOpen || (isEntry && found.last?.hasEnded == true) {
        found.append(TracedInterrupt(first: event, last: event))
        found[found.count - 1].entry = entry
        entry = ""
        isOpen = true
      }
      found[found.count - 1].take(event, functions)
    }
    return found.map(\.named)
  }

  private var entry = ""
  private var handlers: [(name: String, start: Nanoseconds, end: Nanoseconds)] = []
  /// Whether its own end was written.
  private var hasEnded = false

  private init(first: TraceEvent, last: TraceEvent) {
    self.first = first
    self.last = last
  }

  private mutating func take(_ event: TraceEvent, _ functions: [String]) {
    last = event
    if !handlers.isEmpty { handlers[handlers.count - 1].end = event.time }
    switch event.payload {
    case .irqEntry(let irq, let handler):
      handlers.append((Occupant.irq(number: irq, handler: handler).name, event.time, event.time))
    case .vectorEntry(let vector, _): handlers.append((vector, event.time, event.time))
    case .stack(let frames):
      let path = frames.map { KernelFunctions.bare($0.symbol) }
      if entry.isEmpty, let way = path.last(where: KernelFunctions.isInterruptPath) { entry = way }
    default: break
    }
    if KernelFunctions.callsHandlers(functions[1]) {
      handlers.append((functions[0], event.time, event.time))
    }
    if KernelFunctions.isInterruptExit(functions[0]) { hasEnded = true }
    // The vector's own function says more than what all interrupts run at their entry.
    for name in functions
    where KernelFunctions.isInterruptPath(name) && (entry.isEmpty || !entry.contains("sysvec_")) {
      if entry.isEmpty || name.contains("sysvec_") { entry = name }
    }
  }

  /// With the name of the handler that took longest, else of the vector, else of the entry.
  private var named: TracedInterrupt {
    var result = self
    let longest = handlers.max { $0.end - $0.start < $1.end - $1.start }
    result.name =
      longest?.name ?? (entry.isEmpty ? "" : KernelFunctions.vector(entry))
    return result
  }
}
