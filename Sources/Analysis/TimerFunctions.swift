import TraceModel

/// Timer functions that ran in front of the thread's own in the same interrupt.
struct TimerFunctions {
  /// All expiries of one function.
  struct Entry {
    var function: CodeLocation
    var spans: [TimeSpan]
    var evidence: [Evidence]
  }

  var entries: [Entry] = []

  init(_ spike: SpikeCase) {
    guard let waking = spike.times.waking else { return }
    let front = TimeSpan(spike.sample.expiry, waking)
    // A function that was running at the expiry began before it.
    let margin = Nanoseconds(microseconds: 10_000)
    let track = spike.timeline[cpu: spike.timerCPU]
    var open: [(timer: UInt64, function: CodeLocation, event: TraceEvent)] = []
    var mine: UInt64?
    if case .hrtimerStart(let timer, _, _, _, _) = spike.times.armedEvent?.payload { mine = timer }
    for event in track?.events(in: TimeSpan(front.start - margin, front.end)) ?? [] {
      switch event.payload {
      case .hrtimerExpireEntry(let timer, let function, _),
        .timerExpireEntry(let timer, let function):
        open.append((timer, function, event))
      case .hrtimerExpireExit(let timer), .timerExpireExit(let timer):
        guard let index = open.lastIndex(where: { $0.timer == timer }) else { break }
        let entry = open[index]
        open.removeSubrange(index...)
        if timer == mine { break }
        add(entry.function, TimeSpan(entry.event.time, event.time), front, [entry.event, event])
      default: break
      }
    }
  }

  private mutating func add(
    _ function: CodeLocation, _ span: TimeSpan, _ front: TimeSpan, _ events: [TraceEvent]
  ) {
    guard let part = span.clipped(to: front) else { return }
    if let index = entries.firstIndex(where: { $0.function.name == function.name }) {
      entries[index].spans.append(part)
    } else {
      entries.append(
        Entry(
          function: function, spans: [part], evidence: events.map { Evidence($0) }))
    }
  }

  /// Whether a timer function is the tick's.
  static func isTick(_ name: String) -> Bool {
    name.hasPrefix("tick_") || name.hasPrefix("hrtimer_run_queues")
  }
}
