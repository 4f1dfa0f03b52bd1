public import TraceModel

/// Finds the times of wake-ups in a timeline.
public struct WakeupFinder: Sendable {
  private let timeline: Timeline
  private let merged: [TraceEvent]

  /// Makes a finder; the timeline's events are merged once.
  public init(_ timeline: Timeline) {
    self.timeline = timeline
    self.merged = timeline.merged
  }

  /// The times of the wake-up that `sample` tells of.
  public func times(of sample: WakeupSample) -> WakeupTimes {
    var times = WakeupTimes(expiry: sample.expiry, sampled: sample.wake)
    let tid = sample.task.pid
    let end = upperBound(sample.wake)

    // The request for this wake-up names its expiry; nothing before it belongs to this cycle.
    var begin = 0
    for index in stride(from: end - 1, through: 0, by: -1) {
      let event = merged[index]
      guard event.pid == tid, case .hrtimerStart(_, _, let hard, let soft, _) = event.payload
      else { continue }
      if soft == sample.expiry || hard == sample.expiry {
        times.armedEvent = event
        begin = index
        break
      }
      if hard < sample.expiry { break }
    }
    if times.armedEvent == nil { begin = lowerBound(sample.expiry) }
    fill(&times, tid: tid, events: merged[begin..<max(begin, end)])
    return times
  }

  /// The segments of up to `limit` wake-ups of `tid` that ended before `time`, latest first.
  ///
  /// They are read from the events alone: the clock reading itself is not known for them, so their
  /// last segment is missing.
  public func earlier(than time: Nanoseconds, tid: Int32, limit: Int) -> [WakeupTimes] {
    var found: [WakeupTimes] = []
    var upper = lowerBound(time)
    var index = upper - 1
    while index >= 0, found.count < limit {
      defer { index -= 1 }
      let event = merged[index]
      guard event.pid == tid,
        case .hrtimerStart(_, _, let hard, let soft, let mode) = event.payload,
        !mode.hasPrefix("REL")
      else { continue }
      let cycle = merged[index..<upper]
      upper = index
      // A normal task's timer fires at the hard expiry, but was asked for at the soft one.
      let expiry = min(soft, hard)
      guard event.time <= expiry, let last = cycle.last else { continue }
      var times = WakeupTimes(expiry: expiry, sampled: last.time)
      times.armedEvent = event
      fill(&times, tid: tid, events: cycle)
      guard let switched = times.switched else { continue }
      times.sampled = times.returned ?? switched
      found.append(times)
    }
    return found
  }

  private func fill(_ times: inout WakeupTimes, tid: Int32, events: ArraySlice<TraceEvent>) {
    let timer: UInt64? =
      if case .hrtimerStart(let timer, _, _, _, _) = times.armedEvent?.payload { timer } else {
        nil
      }
    // Interrupts that are open at this moment, by CPU.
    var open: [Int: [TraceEvent]] = [:]
    for event in events {
      switch event.payload {
      case .irqEntry, .vectorEntry:
        open[event.cpu, default: []].append(event)
      case .irqExit, .vectorExit:
        _ = open[event.cpu]?.popLast()
      case .hrtimerExpireEntry(let expired, _, _):
        if let timer, expired == timer, times.waking == nil { times.expireEvent = event }
      case .waking(let wake) where wake.task.pid == tid && times.switched == nil:
        // A wake-up that led to nothing (the thread was still on its way to sleep) is superseded.
        guard event.time >= times.expiry || times.expireEvent != nil else { break }
        times.wakingEvent = event
        times.queuedEvent = nil
        times.stackEvent = nil
        times.interruptEvent =
          open[event.cpu]?.last ?? (event.context.inHardIRQ ? times.expireEvent : nil)
      case .wakeup(let wake) where wake.task.pid == tid && times.switched == nil:
        if times.wakingEvent != nil || event.time >= times.expiry { times.queuedEvent = event }
      case .switched(let change):
        if change.next.pid == tid, times.switched == nil,
          event.time >= times.expiry || times.wakingEvent != nil
        {
          times.switchedEvent = event
          times.switched = event.time
        }
        open[event.cpu] = nil
      case .stack:
        if let waking = times.wakingEvent, times.stackEvent == nil, event.cpu == waking.cpu,
          times.switched == nil, event.time - waking.time < Nanoseconds(microseconds: 200)
        {
          times.stackEvent = event
        }
      case .syscallExit where event.pid == tid:
        if times.returned == nil, times.switched != nil || event.time >= times.expiry {
          times.returnedEvent = event
          times.returned = event.time
        }
      default: break
      }
    }
    func clip(_ time: Nanoseconds?, _ floor: Nanoseconds) -> Nanoseconds? {
      time.map { max($0, floor) }
    }
    times.interrupt = clip(times.interruptEvent?.time, times.expiry)
    times.waking = clip(times.wakingEvent?.time, times.interrupt ?? times.expiry)
    if times.waking != nil {
      times.queued = clip(times.queuedEvent?.time, times.waking ?? times.expiry)
    }
    times.switched = clip(times.switched, times.queued ?? times.waking ?? times.expiry)
    times.returned = clip(times.returned, times.switched ?? times.expiry)
  }

  /// Index of the first event at or after `time`.
  private func lowerBound(_ time: Nanoseconds) -> Int {
    var low = 0
    var high = merged.count
    while low < high {
      let middle = (low + high) / 2
      if merged[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Index behind the last event at or before `time`.
  private func upperBound(_ time: Nanoseconds) -> Int {
    lowerBound(time + Nanoseconds(1))
  }
}
