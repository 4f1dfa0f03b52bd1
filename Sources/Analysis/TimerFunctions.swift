import TraceModel

/// Timer functions that ran before the thread's own in the same interrupt.
struct TimerFunctions {
  /// All expiries of one function.
  struct Entry {
    var function: CodeLocation
    /// Their time and the ways from one to the next.
    var spans: [TimeSpan]
    /// Number of expiries.
    var count: Int
    /// The first one's begin and end.
    var evidence: [Evidence]
  }

  var entries: [Entry] = []

  /// The longest way between two timers of one loop that is still the loop's: what is longer is
  /// something else's, as a pause of the machine.
  private static let step = Nanoseconds(microseconds: 20)

  /// - Parameter throughSwitch: Whether timers that expire in the same interrupt after the wakeup
  ///   count too: they keep the thread waiting as those in front do.
  init(_ spike: SpikeCase, throughSwitch: Bool = false) {
    guard let waking = spike.times.waking else { return }
    let end = throughSwitch ? max(waking, spike.waiting.end) : waking
    let front = TimeSpan(spike.sample.expiry, end)
    // A function that was running at the expiry began before it.
    let margin = Nanoseconds(microseconds: 10_000)
    let track = spike.timeline[cpu: spike.timerCPU]
    var open: [(timer: UInt64, function: CodeLocation, event: TraceEvent)] = []
    var mine: UInt64?
    if case .hrtimerStart(let timer, _, _, _, _) = spike.times.armedEvent?.payload { mine = timer }
    // The last timer that ended, while only the loop's next one has come.
    var last: (function: CodeLocation, end: Nanoseconds)?
    for event in track?.events(in: TimeSpan(front.start - margin, front.end)) ?? [] {
      switch event.payload {
      case .hrtimerExpireEntry(let timer, let function, _),
        .timerExpireEntry(let timer, let function):
        // From one timer to the next the loop goes on: that time is the timers' as well.
        if let before = last, timer != mine, event.time - before.end <= Self.step {
          add(function, TimeSpan(before.end, event.time), front, [], isWay: true)
        }
        last = nil
        open.append((timer, function, event))
      case .hrtimerExpireExit(let timer), .timerExpireExit(let timer):
        guard let index = open.lastIndex(where: { $0.timer == timer }) else { break }
        let entry = open[index]
        open.removeSubrange(index...)
        if timer == mine { break }
        if let own = spike.times.wakingEvent, own.cpu == event.cpu,
          entry.event.time <= own.time, own.time <= event.time
        {
          break
        }
        add(entry.function, TimeSpan(entry.event.time, event.time), front, [entry.event, event])
        last = (entry.function, event.time)
      case .waking, .wakeup, .stack, .hrtimerStart, .hrtimerCancel: break
      default: last = nil
      }
    }
  }

  private mutating func add(
    _ function: CodeLocation, _ span: TimeSpan, _ front: TimeSpan, _ events: [TraceEvent],
    isWay: Bool = false
  ) {
    guard let part = span.clipped(to: front) else { return }
    let index =
      entries.firstIndex { $0.function.name == function.name }
      ?? {
        entries.append(Entry(function: function, spans: [], count: 0, evidence: []))
        return entries.count - 1
      }()
    entries[index].spans.append(part)
    if isWay { return }
    entries[index].count += 1
    if entries[index].evidence.isEmpty { entries[index].evidence = events.map { Evidence($0) } }
  }

  /// Whether a timer function is the tick's.
  static func isTick(_ name: String) -> Bool {
    name.hasPrefix("tick_") || name.hasPrefix("hrtimer_run_queues")
  }
}
