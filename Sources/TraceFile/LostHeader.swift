internal import TraceModel

// Sections of latency tracers whose header lost lines, or is that of the tracer before ftrace.
extension FtraceTextParser {
  /// Puts what the lines of a latency tracer's section show in place of what its header lacks.
  mutating func completeHeader() {
    // The latency format of plain events is not a section.
    guard header.tracer != "nop" else { return }
    let isNamed = !header.tracer.isEmpty && header.tracer != "preemption"
    let latency = header.latency
    let hasLength = (latency?.latency ?? .zero) > .zero
    let isWhole = isNamed && hasLength
    guard !isWhole, !isNamed || latency != nil, header.hasRelativeStamps, eventCount > 1,
      let lines = SectionLines(columns, header: latency)
    else { return }
    if !isNamed {
      repair(
        header.tracer == "preemption"
          ? "the format is that of the latency tracer before ftrace"
          : "the header line with the tracer is missing, the lines are those of \(lines.tracer)")
      header.tracer = lines.tracer
    }
    guard !hasLength else { return }
    var made = latency ?? LatencyHeader(latency: .zero)
    made.latency = lines.length
    made.cpu = made.cpu ?? lines.cpu
    header.latency = made
    repair(
      "the header line with the latency is missing, from the first line to the last are "
        + "\(lines.length.microseconds) us")
  }
}

/// What the lines of a section show of the tracer that wrote them.
private struct SectionLines {
  var tracer: String
  var length: Nanoseconds
  var cpu: Int

  init?(_ columns: [Int: FtraceTextColumn], header: LatencyHeader?) {
    let cpus = columns.sorted { ($1.value.events.count, $0.key) < ($0.value.events.count, $1.key) }
    guard
      let (cpu, column) = header?.cpu.flatMap({ cpu in columns[cpu].map { (cpu, $0) } })
        ?? cpus.first.map({ ($0.key, $0.value) }),
      let first = column.events.first
    else { return nil }
    self.cpu = cpu
    let events = column.events
    if let wakeup = Self.wakeup(events) {
      tracer = wakeup.isRealtime ? "wakeup_rt" : "wakeup"
      length = wakeup.end - wakeup.start
      guard length > .zero else { return nil }
      return
    }
    let tail = Self.tail(events)
    // Without the tracer's own end, or the functions that a header names, nobody knows that it is a
    // section.
    guard tail != nil || !(header?.startedAt ?? "").isEmpty || header?.task != nil else {
      return nil
    }
    let last = events.last { if case .stack = $0.payload { false } else { true } }
    let end = tail.map { $0.index > 0 ? events[$0.index - 1] : events[$0.index] } ?? last ?? first
    length = end.time - first.time
    guard length > .zero else { return nil }
    if let tail {
      tracer = tail.isPreemption ? "preemptoff" : "irqsoff"
    } else {
      let inside = events.filter { $0.time < end.time }
      let irqs = inside.allSatisfy(\.context.irqsOff)
      let depth = inside.allSatisfy { $0.context.preemptDepth > 0 }
      // Where the lines show both enabled, something else was recorded.
      guard irqs || depth else { return nil }
      tracer = irqs == depth ? "preemptirqsoff" : irqs ? "irqsoff" : "preemptoff"
    }
  }

  /// The lines of a wakeup and of the switch that ends it.
  private static func wakeup(
    _ events: [TraceEvent]
  ) -> (start: Nanoseconds, end: Nanoseconds, isRealtime: Bool)? {
    func line(_ event: TraceEvent, _ name: String) -> OtherEvent? {
      guard case .other(let other) = event.payload, other.name == name, other.system == "ftrace"
      else { return nil }
      return other
    }
    guard let end = events.last(where: { line($0, "context_switch") != nil }),
      let start = events.first(where: { line($0, "wakeup") != nil }), start.time < end.time
    else { return nil }
    let priority = line(start, "wakeup")?.fields.first { $0.name == "next_prio" }?.value
    return (start.time, end.time, (priority.flatMap { Int($0) } ?? 120) < 100)
  }

  /// The line in which the tracer says that the section has ended.
  private static func tail(_ events: [TraceEvent]) -> (index: Int, isPreemption: Bool)? {
    for index in events.indices.reversed() {
      guard case .other(let other) = events[index].payload, other.name == "function",
        let function = other.fields.first(where: { $0.name == "ip" })?.value
      else { continue }
      let name = function.hasPrefix("tracer_") ? function.dropFirst(7) : function.dropFirst(6)
      guard function.hasPrefix("trace") else { continue }
      if name.hasPrefix("hardirqs_on") { return (index, false) }
      if name.hasPrefix("preempt_on") { return (index, true) }
    }
    return nil
  }
}
