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

  var calls: [Call]

  init(_ events: some Sequence<TraceEvent>) {
    calls = events.compactMap(Self.call)
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
  ///
  /// The time up to the next line belongs to the caller of a function that only helps or that is
  /// called over and over, else to the function itself.
  func dominant(in span: TimeSpan) -> String? {
    var times: [String: Int64] = [:]
    for (index, call) in calls.enumerated() where span.contains(call.event.time) {
      let end = index + 1 < calls.count ? min(calls[index + 1].event.time, span.end) : span.end
      let length = (end - call.event.time).count
      let name =
        KernelFunctions.isHelper(call.function) || !call.caller.isEmpty
        ? call.caller : call.function
      guard !name.isEmpty, !KernelFunctions.isHelper(name) else { continue }
      times[name, default: 0] += length
    }
    let best = times.max { ($0.value, $1.key) < ($1.value, $0.key) }
    guard let best, best.value >= span.length.count / 2 else { return nil }
    return best.key
  }
}
