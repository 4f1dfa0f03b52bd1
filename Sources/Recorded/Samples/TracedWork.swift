internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// What the records of a function tracer say where nobody's wakeup is recorded: which functions had
/// most time.
///
/// It is not a verdict: nobody knows whether anyone waited for them.
struct TracedWork {
  /// A function and the time that it had for itself.
  struct Work: Hashable {
    /// The function.
    var name: String
    /// The time that it had, less that of what it called.
    var time: Nanoseconds
    /// When it returned, or where the stretch after its line begins.
    var end: Nanoseconds
    /// The CPU.
    var cpu: Int
    /// The line of a text, 0 where the source has none.
    var line: UInt64 = 0
  }

  /// Whether they are calls that were timed; else the stretches after a function's line.
  var areCalls: Bool
  /// The longest first, three at most.
  var works: [Work]

  /// Reads a text or pages; nil where no function tracer wrote them.
  init?(_ source: TraceSource) {
    switch source.body {
    case .text(let text):
      guard !text.header.hasRawStamps else { return nil }
      self.init(text.timeline)
    case .pages(let pages): self.init(pages)
    }
    guard let first = works.first, first.time > .zero else { return nil }
  }

  /// A remark for a trace; nil where no function tracer wrote it.
  static func remark(_ source: TraceSource) -> String? {
    guard let found = TracedWork(source) else { return nil }
    let listed = found.works.map { work in
      let place = work.line > 0 ? "line \(work.line)" : "CPU \(work.cpu) at \(seconds(work.end)) s"
      return "\(work.name) \(work.time.microseconds) us (\(place))"
    }
    let what =
      found.areCalls
      ? "the calls with the most net time are"
      : "the longest times after the line of a function are"
    return "\(what) \(listed.joined(separator: ", ")); record sched_waking and sched_switch too to "
      + "see which task waited"
  }

  private static func seconds(_ time: Nanoseconds) -> String {
    let whole = time.count.magnitude / 1_000
    let rest = "\(whole % 1_000_000)"
    return (time.count < 0 ? "-" : "") + "\(whole / 1_000_000)."
      + String(repeating: "0", count: 6 - rest.utf8.count) + rest
  }

  // MARK: text

  private init(_ timeline: Timeline) {
    var calls = LongestCalls<String>()
    var stretches = LongestCalls<String>()
    for track in timeline.cpus {
      calls.cut()
      for event in track.events { Self.take(event, &calls) }
      for (event, next) in zip(track.events, track.events.dropFirst()) {
        guard case .other(let other) = event.payload, other.name == "function",
          other.system == "ftrace", event.pid == next.pid, event.pid != 0,
          let name = other.fields.first(where: { $0.name == "ip" })?.value
        else { continue }
        stretches.keep(
          LongestCalls.Call(
            name: name, time: next.time - event.time, end: event.time, cpu: event.cpu,
            line: event.position))
      }
    }
    areCalls = !calls.longest.isEmpty
    works = (areCalls ? calls : stretches).longest.map {
      Work(name: $0.name, time: $0.time, end: $0.end, cpu: $0.cpu, line: $0.line)
    }
  }

  private static func take(_ event: TraceEvent, _ calls: inout LongestCalls<String>) {
    guard case .other(let other) = event.payload, other.system == "ftrace" else { return }
    func field(_ name: String) -> String { other.fields.first { $0.name == name }?.value ?? "" }
    switch other.name {
    case "funcgraph_entry": calls.enter(field("func"), pid: event.pid)
    case "funcgraph_leaf", "funcgraph_exit":
      let name = field("func")
      let isLeaf = other.name == "funcgraph_leaf"
      if isLeaf { calls.enter(name, pid: event.pid) }
      calls.leave(
        name.isEmpty ? nil : name, pid: event.pid, duration: duration(field("duration_us")),
        at: event.time, cpu: event.cpu, line: event.position)
    default: return
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

  // MARK: pages

  private init(_ pages: PagedTrace) {
    areCalls = false
    works = []
    guard
      let walk = RecordWalk(
        pages, of: ["ftrace": ["function", "funcgraph_entry", "funcgraph_exit"]])
    else { return }
    var reader = CallReader(walk.decoder)
    walk.forEach(cut: { reader.cut() }) { reader.take($0, $1, $2) }
    areCalls = !reader.calls.longest.isEmpty
    let symbols = walk.decoder.symbols
    let (clock, zero) = (pages.clock, pages.clock.time(.zero))
    works = (areCalls ? reader.calls : reader.stretches).longest.map { call in
      Work(
        name: symbols.location(call.name).name,
        time: areCalls || clock.isPlain ? call.time : clock.time(call.time) - zero,
        end: clock.time(call.end), cpu: call.cpu)
    }
  }
}
