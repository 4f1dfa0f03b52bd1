import TraceModel

/// The functions that a function tracer wrote in a stretch, and which of them answers for it.
struct TracedCalls {
  /// A line of a function tracer.
  struct Call {
    var event: TraceEvent
    /// The function, without offset and module.
    var function: String
    /// Its caller, empty where the line does not name it.
    var caller: String
  }

  /// Where a part of a stretch went by.
  struct Place {
    /// The function that answers for it.
    var name: String
    /// How long.
    var length: Nanoseconds
    /// The line after which it went by, where it is one stretch between two lines.
    var call: Call?
    /// Whether it is the wait of `name` for a spinning lock.
    var isLockWait = false
  }

  var calls: [Call]
  /// All lines, for the ends of the calls: other events are among them.
  private var times: [Nanoseconds]
  /// Where lines are missing.
  private var gaps: [TimelineGap]

  /// - Parameters:
  ///   - events: The lines in order.
  ///   - gaps: Where some are missing: what comes after the last one before is not known.
  init(_ events: some Sequence<TraceEvent>, gaps: [TimelineGap] = []) {
    calls = events.compactMap(Self.call)
    times = calls.map(\.event.time)
    self.gaps = gaps
  }

  /// The call of a line; nil for other events.
  static func call(_ event: TraceEvent) -> Call? {
    guard case .other(let other) = event.payload else { return nil }
    func field(_ name: String) -> String {
      KernelFunctions.bare(other.fields.first { $0.name == name }?.value ?? "")
    }
    switch other.name {
    case "function": return Call(event: event, function: field("ip"), caller: field("parent_ip"))
    case "funcgraph_entry", "funcgraph_leaf":
      return Call(event: event, function: field("func"), caller: "")
    default: return nil
    }
  }

  /// The function in which most of `span` went by, where one had at least half of it.
  func dominant(in span: TimeSpan) -> String? { place(in: span)?.name }

  /// Where most of `span` went by: the one stretch between two lines, or the sum of many, that has
  /// at least half of it.
  func place(in span: TimeSpan) -> Place? { longestStep(in: span) ?? busiest(in: span) }

  /// The one stretch between two lines that is at least half of `span`.
  ///
  /// It lies in the function of the line before it, whatever that called without a line. A helper
  /// is short by itself: then it lies in its caller. A lock that is taken is waited for by its
  /// caller, or by the caller of what comes next.
  func longestStep(in span: TimeSpan) -> Place? {
    var best: (index: Int, length: Nanoseconds)?
    for index in calls.indices {
      guard let step = step(index, in: span) else { continue }
      if step > best?.length ?? .zero { best = (index, step) }
    }
    guard let best, best.length.count >= span.length.count / 2 else { return nil }
    let call = calls[best.index]
    let next = best.index + 1 < calls.count ? calls[best.index + 1] : nil
    // Without function tracing the next line is the end already: then nothing reports a wait from
    // the work.
    let isLockWait =
      KernelFunctions.takesLock(call.function)
      && next.map { !Self.endsSection($0.function) } ?? false
    var candidates = [call.function, call.caller]
    if isLockWait, let next { candidates += [next.caller, next.function] }
    guard let name = candidates.first(where: { Self.isOwn($0) }) else { return nil }
    return Place(name: name, length: best.length, call: call, isLockWait: isLockWait)
  }

  /// The function that, with the helpers and functions that it called over and over, has at least
  /// half of `span`.
  func busiest(in span: TimeSpan) -> Place? {
    best(in: span) { call in
      KernelFunctions.isHelper(call.function) || !call.caller.isEmpty ? call.caller : call.function
    }
  }

  /// The innermost function after whose lines most of `span` went by, where one has at least half
  /// of it.
  func hottest(in span: TimeSpan) -> Place? { best(in: span, \.function) }

  private func best(in span: TimeSpan, _ owner: (Call) -> String) -> Place? {
    var times: [String: Int64] = [:]
    for (index, call) in calls.enumerated() {
      guard let step = step(index, in: span) else { continue }
      let name = owner(call)
      guard Self.isOwn(name) else { continue }
      times[name, default: 0] += step.count
    }
    let best = times.max { ($0.value, $1.key) < ($1.value, $0.key) }
    guard let best, best.value >= span.length.count / 2 else { return nil }
    return Place(name: best.key, length: Nanoseconds(best.value), call: nil)
  }

  /// From a call's line to the next one, within `span`; nil where lines may be missing in between.
  private func step(_ index: Int, in span: TimeSpan) -> Nanoseconds? {
    let start = times[index]
    guard span.contains(start) else { return nil }
    let end = index + 1 < times.count ? min(times[index + 1], span.end) : span.end
    let isCut = gaps.contains { $0.span.start < end && $0.span.end > start }
    return isCut ? nil : end - start
  }

  /// Whether a function gives a lock back, or is what a tracer writes at the end.
  private static func endsSection(_ name: String) -> Bool {
    KernelFunctions.enablesInterrupts(name) || KernelFunctions.isTracersEnd(name)
      || name.contains("_unlock")
  }

  /// Whether a name says what code it was.
  private static func isOwn(_ name: String) -> Bool {
    !name.isEmpty && name != "0" && !KernelFunctions.isHelper(name)
  }
}
