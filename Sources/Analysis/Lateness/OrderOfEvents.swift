public import TraceModel

/// What a trace without times says: who took the CPU from whom, and for which work. No length is
/// known.
public enum OrderOfEvents {
  /// One sentence for each task that took the CPU from one that still wanted it, at most five.
  public static func sentences(_ timeline: Timeline) -> [String] {
    var found: [String] = []
    for track in timeline.cpus {
      for (index, event) in track.events.enumerated() {
        guard case .switched(let change) = event.payload, change.previousState.isRunnable,
          !change.previous.isIdle, !change.next.isIdle, found.count < 5
        else { continue }
        var sentence =
          "\(change.next.text) preempted \(change.previous.text) on CPU \(track.cpu) "
          + "(line \(event.position))"
        if let work = work(of: change.next.pid, in: track.events[(index + 1)...]) {
          sentence += ", to run the work \(work.function.name)"
          if let timer = timer(queueing: work.item, before: index, in: track.events) {
            sentence += ", which the timer \(timer) had queued on CPU \(track.cpu)"
          }
        }
        found.append(
          sentence + ". The trace has no times, so the length is unknown "
            + "(\(Confidence.possible.rawValue)). Record it with timestamps.")
      }
    }
    return found
  }

  /// The first work item that a worker runs after it got the CPU.
  private static func work(
    of pid: Int32, in events: ArraySlice<TraceEvent>
  ) -> (item: UInt64, function: CodeLocation)? {
    for event in events {
      switch event.payload {
      case .workStart(let item, let function) where event.pid == pid: return (item, function)
      case .switched: return nil
      default: continue
      }
    }
    return nil
  }

  /// The timer in whose expiry the item was queued.
  private static func timer(
    queueing item: UInt64, before end: Int, in events: [TraceEvent]
  ) -> String? {
    var timer: String?
    for event in events[..<end] {
      switch event.payload {
      case .timerExpireEntry(_, let function): timer = function.name
      case .timerExpireExit: timer = nil
      case .workQueue(item, _, _, _, _): return timer
      default: continue
      }
    }
    return nil
  }
}
