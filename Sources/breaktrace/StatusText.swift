import Tracefs

/// `breaktrace status` as text.
enum StatusText {
  /// One line for each user of tracefs and each journal.
  static func text(_ status: TracefsStatus) -> String {
    var lines = ["tracefs: \(status.root.path)", line(status.top)]
    lines += status.instances.map(line)
    if status.instances.isEmpty { lines.append("no instances") }
    if let functions = status.enabledFunctions, functions > 0 {
      lines.append("\(functions) functions are traced or patched (enabled_functions)")
    }
    if let threshold = status.tracingThreshold, threshold > 0 {
      lines.append("tracing_thresh is \(threshold) us")
    }
    for journal in status.journals {
      lines.append(
        "journal of run \(journal.run.pid) (\(journal.isAlive ? "alive" : "dead")): "
          + journal.paths.joined(separator: ", "))
    }
    lines.append(
      status.needsDisarm
        ? "a dead run left changes; `breaktrace disarm` undoes them" : "nothing to disarm"
    )
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ state: InstanceState) -> String {
    let owner: String
    switch state.owner {
    case .topLevel: owner = "top level"
    case .live(let name): owner = "instance \(name.text): a live run of breaktrace"
    case .dead(let name): owner = "instance \(name.text): left by a dead run of breaktrace"
    case .foreign: owner = "instance \(state.name ?? ""): of another tool"
    }
    var parts = ["tracer \(state.tracer)", state.isTracingOn ? "on" : "off"]
    if !state.events.isEmpty {
      let shown = state.events.prefix(4).joined(separator: " ")
      let rest = state.events.count > 4 ? " and \(state.events.count - 4) more" : ""
      parts.append("events \(shown)\(rest)")
    }
    if let size = state.bufferKilobytes { parts.append("\(size) KiB per CPU") }
    parts.append("clock \(state.clock)")
    return "\(owner): \(parts.joined(separator: ", "))"
  }
}
