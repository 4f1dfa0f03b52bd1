internal import TraceModel

/// How the timers' clock and the trace clock lie to each other.
///
/// Timers count on the monotonic clock. Where the trace has another one, hrtimer_expire_entry
/// reports both: `now` was read just before the event was written.
struct TimerClock: Hashable {
  /// To be added to a time of the timers' clock to get one of the trace clock; zero where they are
  /// one clock.
  var offset: Nanoseconds

  /// Estimates it from the events within 20 ms of `time`, else from the nearest ones; nil without
  /// such events.
  init?(_ timeline: Timeline, near time: Nanoseconds) {
    if timeline.clock == "mono" {
      offset = .zero
      return
    }
    let reach = Nanoseconds(microseconds: 20_000)
    var best: Nanoseconds?
    var far: (distance: Nanoseconds, offset: Nanoseconds)?
    for track in timeline.cpus {
      for event in track.events {
        guard case .hrtimerExpireEntry(_, _, let now) = event.payload, now > .zero else { continue }
        let found = event.time - now
        let distance = event.time < time ? time - event.time : event.time - time
        if distance <= reach {
          best = min(best ?? found, found)
        } else if far.map({ distance < $0.distance }) ?? true {
          far = (distance, found)
        }
      }
    }
    guard let found = best ?? far?.offset else { return nil }
    // The same clock, up to the time between reading it and writing the event.
    offset = found.count > -50_000 && found.count < 200_000 ? .zero : found
  }

  /// The times of the timer events on the trace clock.
  func applied(to timeline: Timeline) -> Timeline {
    guard offset != .zero else { return timeline }
    var result = timeline
    for cpu in result.cpus.indices {
      for index in result.cpus[cpu].events.indices {
        switch result.cpus[cpu].events[index].payload {
        case .hrtimerStart(let timer, let function, let expires, let soft, let mode)
        where !mode.hasPrefix("REL"):
          result.cpus[cpu].events[index].payload = .hrtimerStart(
            timer: timer, function: function, expires: expires + offset,
            softExpires: soft + offset, mode: mode)
        case .hrtimerExpireEntry(let timer, let function, let now):
          result.cpus[cpu].events[index].payload = .hrtimerExpireEntry(
            timer: timer, function: function, now: now + offset)
        default: break
        }
      }
    }
    return result
  }
}
