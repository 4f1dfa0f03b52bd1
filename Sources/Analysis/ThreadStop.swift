import TraceModel

/// A stretch in which the measured thread was stopped by a signal (state T) or by its tracer (t).
struct ThreadStop {
  /// From the switch away to the switch back, within the window.
  var span: TimeSpan
  /// The switch by which it left the CPU.
  var left: TraceEvent
  /// The wakeup that let it go on.
  var resumed: TraceEvent?
  /// Whether a tracer stopped it, not a signal.
  var isTraced: Bool

  /// The evidence, in order of time.
  var evidence: [Evidence] {
    [
      Evidence(
        left, note: isTraced ? "stopped by its tracer (state t)" : "stopped by a signal (state T)")
    ] + (resumed.map { [Evidence($0, note: "continued")] } ?? [])
  }

  /// All that touch the window and are worth it together.
  static func all(_ spike: SpikeCase) -> [ThreadStop] {
    let tid = spike.sample.task.pid
    let window = spike.sample.window
    var events: [TraceEvent] = []
    for track in spike.timeline.cpus {
      for event in track.events {
        if event.time > window.end { break }
        switch event.payload {
        case .switched(let change) where change.previous.pid == tid || change.next.pid == tid:
          events.append(event)
        case .waking(let wake) where wake.task.pid == tid: events.append(event)
        default: break
        }
      }
    }
    events.sort { ($0.time, $0.position) < ($1.time, $1.position) }
    var found: [ThreadStop] = []
    var open: ThreadStop?
    for event in events {
      if case .switched(let change) = event.payload {
        if change.next.pid == tid {
          if var stop = open, let span = TimeSpan(stop.left.time, event.time).clipped(to: window) {
            stop.span = span
            found.append(stop)
          }
          open = nil
        } else if case .blocked(let letters) = change.previousState,
          letters.contains("T") || letters.contains("t")
        {
          open = ThreadStop(
            span: window, left: event, resumed: nil, isTraced: letters.contains("t"))
        }
      } else if open != nil {
        open?.resumed = event
      }
    }
    let total = found.reduce(Nanoseconds.zero) { $0 + $1.span.length }
    return total >= spike.floor ? found : []
  }
}
