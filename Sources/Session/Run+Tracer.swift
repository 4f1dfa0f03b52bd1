internal import Analysis
internal import CRealtime
internal import Glibc
internal import Report
internal import RingBuffer
internal import TraceModel
internal import Tracefs

/// The latency tracer of a run: its section, and whether it could see at all.
extension Run {
  /// What the tracer has of a break, before it is made ready for the next one.
  struct TracerResult {
    /// The section of a latency tracer.
    var section: TracerSection?
    /// The events of function_graph, nil where it does not run.
    var functions: Timeline?
  }

  /// Reads what the tracer has of this break.
  func readTracer() throws(TracefsError) -> TracerResult {
    var result = TracerResult()
    guard let section, let tracer = plan.tracer else { return result }
    if tracer.recordsSections {
      result.section = try SectionReader.read(section, tracer: tracer.name, threshold: threshold)
    } else if tracer.name == "function_graph" {
      do throws(SessionError) {
        result.functions = try SideEvents.read(
          section, symbols: symbols?.current() ?? SymbolTable(""))
      } catch {
        observer.remark("tracer function_graph: cannot read its calls: \(error)")
      }
    }
    return result
  }

  /// `tracing_thresh` in force.
  private var threshold: Nanoseconds? {
    section?.items.first { $0.kind == .threshold }?.got.flatMap { Int64($0) }
      .map(Nanoseconds.init(microseconds:))
  }

  /// Looks once whether the tracer still sees what it was set for, and says so where it does not.
  ///
  /// To be called when nothing is measured any more: it empties the tracer's buffer.
  mutating func checkTracer() {
    guard !isTracerChecked, let section, let tracer = plan.tracer else { return }
    isTracerChecked = true
    do {
      if let disturbance = try section.tracerDisturbance() {
        blindness = "\(disturbance)"
      } else if let test = TracerSelfTest(tracer.name) {
        blindness = try Self.onMeasured(measuredCPUs) {
          try test.run { round in
            try section.recordSectionEnds(round)
            return try SideEvents.read(section)
          }
        }
      }
    } catch {
      observer.remark("tracer \(tracer.name): cannot check whether it still records: \(error)")
    }
    if let blindness { observer.remark("tracer \(tracer.name) stopped recording: \(blindness)") }
  }

  /// Runs `body` on a measured CPU: an idle one would do nothing that a tracer could see.
  private static func onMeasured<Value>(
    _ cpus: CPUSet?, _ body: () throws -> Value
  ) throws -> Value {
    guard let cpu = cpus?.cpus.first else { return try body() }
    var before = [CInt](repeating: 0, count: 4_096)
    let count = bt_get_affinity(&before, before.count)
    _ = bt_set_affinity([CInt(clamping: cpu)], 1)
    defer { if count > 0 { _ = bt_set_affinity(before, min(Int(count), before.count)) } }
    return try body()
  }

  /// Makes the tracer ready for the next spike; what goes on at a break needs nothing.
  func restartTracer() throws(TracefsError) {
    guard plan.tracer?.stopsAtBreak == true else { return }
    try section?.restart()
  }

  /// The gaps that hwlat found close to the window, nil where it does not run.
  ///
  /// It reports a gap when it has looked for long enough: that is waited for.
  mutating func hardwareGaps(around window: TimeSpan) -> [HardwareGap]? {
    guard let section, plan.tracer?.name == "hwlat" else { return nil }
    let look = gapWidth + Nanoseconds(5_000_000)
    while Self.now < window.end + look { usleep(1_000) }
    do throws(SessionError) {
      gaps += SideEvents.gaps(
        try SideEvents.read(section), realtimeOffset: Self.realtimeOffset, width: gapWidth)
    } catch {
      observer.remark("tracer hwlat: cannot read its samples: \(error)")
    }
    return gaps.filter { $0.end >= window.start - look && $0.span.start <= window.end + look }
  }

  /// How long hwlat looks at a time.
  private var gapWidth: Nanoseconds {
    let item = section?.items.first { $0.kind == .setting && $0.name.hasSuffix("/width") }
    return item?.got.flatMap { Int64($0) }.map(Nanoseconds.init(microseconds:))
      ?? TracerPlan.gapWidth
  }

  /// CLOCK_REALTIME, in which hwlat reports the time, less CLOCK_MONOTONIC.
  private static var realtimeOffset: Nanoseconds {
    Nanoseconds(bt_clock(CLOCK_REALTIME) - bt_clock(CLOCK_MONOTONIC))
  }

  /// What became of the tracer in a window, one clause; nil where there was none or its section is
  /// in the report.
  func tracerOutcome(_ section: TracerSection?, window: TimeSpan) -> String? {
    guard let tracer = plan.tracer, self.section != nil else { return nil }
    if let blindness { return "stopped recording: \(blindness)" }
    guard tracer.recordsSections else { return nil }
    return TracerOutcome.text(
      section, window: window, cpus: measuredCPUs, threshold: threshold)
  }
}
