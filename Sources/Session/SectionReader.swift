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
  /// The tracer prints its stamps relative to the section's start. A second reading without the latency
  /// format has them on the trace clock, us exact; small sections from before stand in front of the last.
  static func read(_ instance: ArmedInstance, tracer: String, threshold: Nanoseconds?)
    throws(TracefsError) -> TracerSection?
  {
    let text = try instance.traceText()
    let latencyFormat = FtraceTextReader.read(ByteStore(Array(text.utf8)))
    guard let header = latencyFormat.header.latency, header.latency > .zero else { return nil }
    try instance.setOption("latency-format", false)
    let absolute = FtraceTextReader.read(ByteStore(Array(try instance.traceText().utf8)))
    try instance.setOption("latency-format", true)
    let events = absolute.timeline.merged
    guard let last = events.last(where: { if case .stack = $0.payload { false } else { true } })
    else { return nil }
    let start = last.time - header.latency
    return TracerSection(
      tracer: tracer, cpu: header.cpu ?? last.cpu, start: start, length: header.latency,
      startFunction: header.startedAt, endFunction: header.endedAt, threshold: threshold,
      lines: lines(text))
  }

  /// The lines behind the header: the first and the last of them.
  private static func lines(_ text: String) -> [String] {
    let body = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    guard body.count > shown else { return body }
    return body.prefix(shown / 3) + ["… \(body.count - shown) lines"]
      + body.suffix(shown - shown / 3)
  }
}
