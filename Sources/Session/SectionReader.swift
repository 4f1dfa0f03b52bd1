internal import Analysis
internal import CRealtime
internal import Glibc
internal import RingBuffer
internal import Report
internal import TraceFile
internal import TraceModel
internal import Tracefs

/// Reads the section that a latency tracer kept, and where it lies in time.
enum SectionReader {
  /// The most lines of the tracer's text that a report shows.
  private static let shown = 30

  /// The last section of `instance`, nil where it has none; tracing must be off.
  ///
  /// The tracer prints its stamps relative to the section's start. A second reading without the
  /// latency format has them on the instance's trace clock, us exact; earlier, smaller sections
  /// precede the last. That clock and CLOCK_MONOTONIC are read together, to a few us.
  static func read(_ instance: ArmedInstance, tracer: String, threshold: Nanoseconds?)
    throws(TracefsError) -> TracerSection?
  {
    let text = try instance.traceText()
    let latencyFormat = FtraceTextReader.read(ByteStore(Array(text.utf8)))
    guard let header = latencyFormat.header.latency, header.latency > .zero,
      !TracerSelfTest.isForeign(tracer, text: text)
    else { return nil }
    try instance.setOption("latency-format", false)
    let absolute = FtraceTextReader.read(ByteStore(Array(try instance.traceText().utf8)))
    try instance.setOption("latency-format", true)
    guard let last = absolute.timeline.merged.last(where: isFunction),
      let offset = try offset(of: instance)
    else { return nil }
    let own = section(latencyFormat.timeline, length: header.latency)
    var found = TracerSection(
      tracer: tracer, cpu: header.cpu ?? last.cpu, start: last.time + offset - header.latency,
      length: header.latency,
      // The header names the caller; the section's own lines know the function itself.
      startFunction: own.first.flatMap(function) ?? header.startedAt,
      endFunction: own.dropFirst().first.flatMap(function) ?? header.endedAt,
      threshold: threshold, lines: lines(text, from: own.first?.position))
    found.task = header.task.map { TracerSection.Task(pid: $0.pid, comm: $0.comm) }
    return found
  }

  /// CLOCK_MONOTONIC less the trace clock, nil for one that does not count ns.
  private static func offset(of instance: ArmedInstance) throws(TracefsError) -> Nanoseconds? {
    guard let cpu = try instance.cpus().first else { return nil }
    var best: (width: Int64, offset: Nanoseconds)?
    for _ in 0..<5 {
      let before = bt_clock(CLOCK_MONOTONIC)
      guard let now = try instance.statistics(cpu: cpu).now else { return nil }
      let after = bt_clock(CLOCK_MONOTONIC)
      if best.map({ after - before < $0.width }) ?? true {
        best = (after - before, Nanoseconds(before + (after - before) / 2) - now)
      }
    }
    return best?.offset
  }

  /// The lines of the last section: earlier, smaller ones precede it.
  private static func section(_ timeline: Timeline, length: Nanoseconds) -> [TraceEvent] {
    let events = timeline.merged.filter(isFunction)
    guard let last = events.last else { return [] }
    let start = last.time - length
    // Stamps are whole microseconds: it begins with the line nearest to its length from the end, of
    // two as near with the later one.
    let first = events.indices.min { a, b in
      let near = [a, b].map { (events[$0].time - start).count.magnitude }
      return near[0] != near[1] ? near[0] < near[1] : a > b
    }
    return first.map { Array(events[$0...]) } ?? []
  }

  static func isFunction(_ event: TraceEvent) -> Bool {
    if case .other(let other) = event.payload { other.name == "function" } else { false }
  }

  /// The function of a line, or its caller where the function is only how locks are taken and
  /// released.
  private static func function(_ event: TraceEvent) -> String? {
    guard case .other(let other) = event.payload else { return nil }
    let names = ["ip", "parent_ip"].compactMap { key in
      other.fields.first { $0.name == key }?.value
    }
    return names.first { !LatencySection.isHelper($0) } ?? names.first
  }

  /// The lines from number `first` on; the first and the last of them where they are many.
  private static func lines(_ text: String, from first: UInt64?) -> [String] {
    let all = text.split(separator: "\n", omittingEmptySubsequences: false)
    let body = all.dropFirst(Int(clamping: first ?? 1) - 1).map(String.init).filter {
      !$0.isEmpty && !$0.hasPrefix("#")
    }
    guard body.count > shown else { return body }
    return body.prefix(shown / 3) + ["… \(body.count - shown) lines"]
      + body.suffix(shown - shown / 3)
  }
}
