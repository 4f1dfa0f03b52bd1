internal import TraceFile
internal import TraceModel

/// What the lines of a function tracer say where nobody's wake-up is recorded: which functions had most time.
///
/// It is no verdict: nobody knows whether anyone waited for them.
enum TracedWork {
  /// A function and the time that it had for itself.
  private struct Work {
    var name: String
    var time: Nanoseconds
    var line: UInt64
  }

  /// A remark for a text; nil where no function tracer wrote it.
  static func remark(_ source: TraceSource) -> String? {
    guard case .text(let text) = source.body, !text.header.hasRawStamps else { return nil }
    let calls = text.timeline.cpus.flatMap { selfTimes($0.events) }
    let stretches = text.timeline.cpus.flatMap { gaps($0.events) }
    let works = (calls.isEmpty ? stretches : calls).sorted {
      ($1.time, $0.line) < ($0.time, $1.line)
    }
    guard let first = works.first, first.time > .zero else { return nil }
    let listed = works.prefix(3).map { "\($0.name) \($0.time.microseconds) us (line \($0.line))" }
    let what =
      calls.isEmpty
      ? "the longest times after the line of a function are"
      : "the calls with the most net time are"
    return "\(what) \(listed.joined(separator: ", ")); record sched_waking and sched_switch too to "
      + "see which task waited"
  }

  /// The calls of function_graph, less what they called.
  private static func selfTimes(_ events: [TraceEvent]) -> [Work] {
    var found: [Work] = []
    // Open calls, with what their callees took.
    var open: [(name: String, inner: Nanoseconds)] = []
    for event in events {
      guard case .other(let other) = event.payload, other.system == "ftrace" else { continue }
      func field(_ name: String) -> String {
        other.fields.first { $0.name == name }?.value ?? ""
      }
      switch other.name {
      case "funcgraph_entry": open.append((field("func"), .zero))
      case "funcgraph_leaf":
        guard let time = duration(field("duration_us")) else { continue }
        found.append(Work(name: field("func"), time: time, line: event.position))
        if !open.isEmpty { open[open.count - 1].inner += time }
      case "funcgraph_exit":
        let call = open.popLast()
        guard let time = duration(field("duration_us")) else { continue }
        let name = call?.name ?? field("func")
        if !name.isEmpty {
          found.append(
            Work(name: name, time: max(time - (call?.inner ?? .zero), .zero), line: event.position))
        }
        if !open.isEmpty { open[open.count - 1].inner += time }
      default: continue
      }
    }
    return found
  }

  /// From each line of the function tracer to the next event of the same task on that CPU.
  private static func gaps(_ events: [TraceEvent]) -> [Work] {
    zip(events, events.dropFirst()).compactMap { event, next in
      guard case .other(let other) = event.payload, other.name == "function",
        other.system == "ftrace", event.pid == next.pid, event.pid != 0,
        let name = other.fields.first(where: { $0.name == "ip" })?.value
      else { return nil }
      return Work(name: name, time: next.time - event.time, line: event.position)
    }
  }

  /// `4312.110` microseconds.
  private static func duration(_ text: String) -> Nanoseconds? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let whole = Int64(parts[0]), parts[1].utf8.count == 3,
      let part = Int64(parts[1]), part >= 0
    else { return nil }
    return Nanoseconds(microseconds: whole) + Nanoseconds(part)
  }
}
