internal import TraceModel

/// The functions that a tracer wrote in a section, and which of them answers for it.
struct SectionFunctions {
  /// A line of a function tracer.
  struct Call {
    var event: TraceEvent
    /// The function, without offset and module.
    var function: String
    /// Its caller, empty where it is not told.
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
      bare(other.fields.first { $0.name == name }?.value ?? "")
    }
    switch other.name {
    case "function": return Call(event: event, function: field("ip"), caller: field("parent_ip"))
    case "funcgraph_entry", "funcgraph_leaf":
      return Call(event: event, function: field("func"), caller: "")
    default: return nil
    }
  }

  /// A function's name without offset, module and brackets.
  static func bare(_ name: some StringProtocol) -> String {
    String(name.prefix { $0 != "+" && $0 != " " && $0 != "(" && $0 != ";" && $0 != "/" })
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
        KernelNames.isHelper(call.function) || !call.caller.isEmpty ? call.caller : call.function
      guard !name.isEmpty, !KernelNames.isHelper(name) else { continue }
      times[name, default: 0] += length
    }
    let best = times.max { ($0.value, $1.key) < ($1.value, $0.key) }
    guard let best, best.value >= span.length.count / 2 else { return nil }
    return best.key
  }
}
