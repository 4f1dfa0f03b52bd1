internal import Analysis
internal import RingBuffer
internal import Report
internal import TraceModel
internal import Tracefs

/// Reads what tracers that write events have in a separate instance.
enum SideEvents {
  /// The most calls that a report takes, the longest ones.
  private static let mostCalls = 40

  /// All events of an instance; they are gone from it then.
  static func read(
    _ instance: ArmedInstance, symbols: SymbolTable = SymbolTable("")
  ) throws(SessionError) -> Timeline {
    let texts = try TraceTexts(instance)
    let trace: RawTrace
    do throws(TracefsError) {
      trace = try Snapshot(whole: instance, texts: texts).trace
    } catch {
      throw .arming(error)
    }
    do throws(RingBufferError) {
      return try TraceDecoder(trace: trace, schema: texts.schema, symbols: symbols).timeline()
    } catch {
      throw .decoding(error)
    }
  }

  /// The gaps that ftrace:hwlat reports. Its stamp is CLOCK_REALTIME at the end of the first gap of
  /// a look, its length the longest one's. A look ends, and the event is written, as soon as it has
  /// lasted for `width`: a gap of that length ends it.
  static func gaps(
    _ timeline: Timeline, realtimeOffset: Nanoseconds, width: Nanoseconds
  ) -> [HardwareGap] {
    others(timeline, "hwlat").compactMap { event, other in
      guard let seconds = number(other, "tv_sec"), let rest = number(other, "tv_nsec"),
        let inner = number(other, "duration"), let outer = number(other, "outer_duration")
      else { return nil }
      let stamp = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      let length = max(inner, outer).multipliedReportingOverflow(by: 1_000)
      guard !stamp.overflow, !length.overflow, length.partialValue >= 0 else { return nil }
      let isLast = length.partialValue >= width.count
      let end = stamp.partialValue &+ rest &- realtimeOffset.count
      return HardwareGap(
        cpu: event.cpu, end: isLast ? event.time : Nanoseconds(end),
        length: Nanoseconds(length.partialValue),
        count: isLast ? 1 : Int(clamping: number(other, "count") ?? 1),
        nmis: Int(clamping: number(other, "nmi_count") ?? 0))
    }
  }

  /// The longest calls of ftrace:funcgraph_entry and funcgraph_exit that overlap the window, in
  /// order of time.
  ///
  /// What a wakeup interrupts returns after the break only: then there is an entry, and no exit.
  static func calls(_ timeline: Timeline, in window: TimeSpan) -> [FunctionCall] {
    var open: [Int32: [(name: String, cpu: Int, start: Nanoseconds, depth: Int)]] = [:]
    var calls: [FunctionCall] = []
    for event in timeline.merged {
      guard case .other(let other) = event.payload,
        let function = other.fields.first(where: { $0.name == "func" })?.value
      else { continue }
      let name = String(function.prefix { $0 != "+" && $0 != " " })
      let depth = Int(clamping: number(other, "depth") ?? 0)
      if other.name == "funcgraph_entry" {
        open[event.pid, default: []].removeAll { $0.depth >= depth }
        open[event.pid, default: []].append((name, event.cpu, event.time, depth))
      } else if other.name == "funcgraph_exit" {
        open[event.pid]?.removeAll { $0.depth >= depth }
        guard let called = number(other, "calltime"), let returned = number(other, "rettime"),
          returned >= called
        else { continue }
        calls.append(
          FunctionCall(
            name: name, cpu: event.cpu, end: event.time, length: Nanoseconds(returned - called),
            depth: depth))
      }
    }
    for call in open.values.joined() where call.start < window.end {
      calls.append(
        FunctionCall(
          name: call.name, cpu: call.cpu, end: window.end, length: window.end - call.start,
          depth: call.depth, isOpen: true))
    }
    return calls.filter { $0.span.clipped(to: window) != nil }.sorted { $0.length > $1.length }
      .prefix(mostCalls).sorted { ($0.end, $0.name) < ($1.end, $1.name) }
  }

  private static func others(_ timeline: Timeline, _ name: String) -> [(TraceEvent, OtherEvent)] {
    timeline.merged.compactMap { event in
      guard case .other(let other) = event.payload, other.name == name else { return nil }
      return (event, other)
    }
  }

  private static func number(_ other: OtherEvent, _ name: String) -> Int64? {
    other.fields.first { $0.name == name }.flatMap { Int64($0.value) }
  }
}
