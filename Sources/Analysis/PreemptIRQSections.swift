import TraceModel

/// Sections with interrupts or preemption disabled, read from the events of the preemptirq system.
enum PreemptIRQSections {
  /// How far before the window a section is looked for.
  private static let reach = Nanoseconds(microseconds: 10_000)
  /// Shorter ones explain nothing.
  static let least = Nanoseconds(microseconds: 5)

  /// The sections on `cpus` that overlap `window`.
  static func read(_ timeline: Timeline, cpus: Set<Int>, in window: TimeSpan) -> [LatencySection] {
    var sections: [LatencySection] = []
    for track in timeline.cpus where cpus.contains(track.cpu) {
      var open: [String: (time: Nanoseconds, function: String, pid: Int32)] = [:]
      for event in track.events(in: TimeSpan(window.start - reach, window.end)) {
        // A task that goes to sleep disables preemption. The idle loop after it is not its section.
        if event.pid == 0, let begun = open["preempt_disable"], begun.pid != 0 {
          open["preempt_disable"] = nil
        }
        guard case .other(let other) = event.payload, isOne(other) else { continue }
        switch other.name {
        case "irq_disable", "preempt_disable":
          open[other.name] = (event.time, caller(other), event.pid)
        case "irq_enable", "preempt_enable":
          let begin = other.name == "irq_enable" ? "irq_disable" : "preempt_disable"
          guard let start = open.removeValue(forKey: begin) else { continue }
          // The idle task's sleep, whoever it made room for.
          if start.pid == 0, event.pid != 0, mayBeIdle(start.function) { continue }
          let span = TimeSpan(start.time, event.time)
          guard span.length >= least, span.clipped(to: window) != nil else { continue }
          sections.append(
            LatencySection(
              tracer: begin, cpu: track.cpu, span: span, startFunction: start.function,
              endFunction: caller(other), task: timeline.task(event.pid)))
        default: break
        }
      }
    }
    return sections
  }

  /// The longest section of all, where the idle loop's own are left out: it sleeps with interrupts
  /// disabled.
  static func longest(_ timeline: Timeline) -> (section: LatencySection, count: Int)? {
    let start = timeline.cpus.compactMap { $0.events.first?.time }.min()
    let end = timeline.cpus.compactMap { $0.events.last?.time }.max()
    guard let start, let end else { return nil }
    let all = read(
      timeline, cpus: Set(timeline.cpus.map(\.cpu)),
      in: TimeSpan(start - Nanoseconds(1), end + Nanoseconds(1)))
    let own = all.filter { section in
      let names = [section.startFunction, section.endFunction]
      // Among the events that are missing may be the section's end, and another one's begin.
      let gaps = timeline[cpu: section.cpu]?.gaps ?? []
      guard
        !gaps.contains(where: {
          $0.span.start < section.span.end && $0.span.end > section.span.start
        })
      else { return false }
      return section.task?.pid != 0 || !names.contains(where: mayBeIdle)
    }
    guard let longest = own.max(by: { $0.span.length < $1.span.length }) else { return nil }
    return (longest, own.count)
  }

  /// Whether a section of the idle task that begins or ends in a function may be its sleep.
  static func mayBeIdle(_ name: String) -> Bool { name.isEmpty || isOfIdle(name) }

  /// Whether a function is one in which the idle loop sleeps.
  static func isOfIdle(_ name: String) -> Bool {
    KernelFunctions.isIdle(name) || name.contains("idle") || name.contains("mwait")
      || name.contains("halt") || name.hasPrefix("arch_cpu")
  }

  private static func isOne(_ event: OtherEvent) -> Bool {
    event.system == "preemptirq"
      || (event.system.isEmpty
        && (event.name.hasPrefix("irq_") || event.name.hasPrefix("preempt_")))
  }

  /// The function that disabled or enabled, as far as the source names it; its caller where it is a
  /// lock helper.
  static func caller(_ event: OtherEvent) -> String {
    var names = ["caller", "parent"].compactMap { name in
      event.fields.first { $0.name == name }?.value
    }
    if names.isEmpty, let line = event.text {
      for word in line.split(separator: " ") {
        if let equals = word.firstIndex(of: "="), ["caller", "parent"].contains(word[..<equals]) {
          names.append(String(word[word.index(after: equals)...]))
        }
      }
    }
    let symbols = names.filter { $0.first.map { $0.isLetter || $0 == "_" } ?? false }
      .map { String($0.prefix { $0 != "+" }) }
    return symbols.first { !KernelFunctions.isHelper($0) } ?? symbols.first ?? ""
  }
}
