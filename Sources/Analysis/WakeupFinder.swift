public import TraceModel

/// Finds the times of wakeups in a timeline.
public struct WakeupFinder: Sendable {
  private let merged: EventOrder

  /// Makes a finder; the timeline's events are put in order once.
  public init(_ timeline: Timeline) {
    merged = EventOrder(timeline)
  }

  /// The times of the wakeup that `sample` reports of.
  ///
  /// If `isPreempted` is set, the thread lost the CPU at the begin of the sample, and that switch
  /// takes the place of the wakeup.
  public func times(of sample: WakeupSample, isPreempted: Bool = false) -> WakeupTimes {
    var times = WakeupTimes(expiry: sample.expiry, sampled: sample.wake)
    let tid = sample.task.pid
    let end = merged.lowerBound(sample.wake + Nanoseconds(1))

    // The request for this wakeup names its expiry; nothing before it belongs to this cycle.
    var begin = 0
    for index in stride(from: end - 1, through: 0, by: -1) {
      guard merged.pid(index) == tid else { continue }
      let event = merged[index]
      guard case .hrtimerStart(_, _, let hard, let soft, _) = event.payload else { continue }
      if soft == sample.expiry || hard == sample.expiry {
        times.armedEvent = event
        begin = index
        break
      }
      if hard < sample.expiry { break }
    }
    if times.armedEvent == nil { begin = merged.lowerBound(sample.expiry) }
    if isPreempted {
      times.armedEvent = nil
      begin = merged.lowerBound(sample.expiry)
      let lost = (begin..<max(begin, end)).first { index in
        guard case .switched(let change) = merged[index].payload else { return false }
        return change.previous.pid == tid && change.previousState.isRunnable
      }
      guard let lost else { return times }
      times.wakingEvent = merged[lost]
      times.waking = max(merged[lost].time, sample.expiry)
      begin = lost + 1
    }
    fill(&times, tid: tid, range: begin..<max(begin, end))
    return times
  }

  /// The segments of up to `limit` wakeups of `tid` that ended before `time`, latest first.
  ///
  /// They are read from the events alone: the clock reading itself is not known for them, so their
  /// last segment is missing.
  public func earlier(than time: Nanoseconds, tid: Int32, limit: Int) -> [WakeupTimes] {
    var found: [WakeupTimes] = []
    var upper = merged.lowerBound(time)
    var index = upper - 1
    while index >= 0, found.count < limit {
      defer { index -= 1 }
      guard merged.pid(index) == tid else { continue }
      let event = merged[index]
      guard case .hrtimerStart(_, _, let hard, let soft, let mode) = event.payload,
        !mode.hasPrefix("REL")
      else { continue }
      let cycle = index..<upper
      upper = index
      // A normal task's timer fires at the hard expiry, but was asked for at the soft one.
      let expiry = min(soft, hard)
      guard event.time <= expiry, cycle.upperBound > cycle.lowerBound else { continue }
      var times = WakeupTimes(
        expiry: expiry, sampled: merged.references[cycle.upperBound - 1].time)
      times.armedEvent = event
      fill(&times, tid: tid, range: cycle)
      guard let switched = times.switched else { continue }
      // A wakeup before its expiry: the trace has another clock, and its lengths mean nothing.
      if let waking = times.wakingEvent, waking.time < expiry { continue }
      times.sampled = times.returned ?? switched
      found.append(times)
    }
    return found
  }

  private func fill(_ times: inout WakeupTimes, tid: Int32, range: Range<Int>) {
    let timer: UInt64? =
      if case .hrtimerStart(let timer, _, _, _, _) = times.armedEvent?.payload { timer } else {
        nil
      }
    // Interrupts that are open at this moment, by buffer.
    var open: [Int32: [EventOrder.Reference]] = [:]
    var waking: EventOrder.Reference?
    /// The wakeup begins with this event; what was known of an earlier one is superseded.
    func begin(with event: TraceEvent, _ reference: EventOrder.Reference) {
      times.wakingEvent = event
      times.stackEvent = nil
      times.firstOwnEvent = nil
      waking = reference
      times.interruptEvent =
        open[reference.track]?.last.map { merged[$0] }
        ?? (event.context.inHardIRQ ? times.expireEvent : nil)
    }
    for reference in merged.references[range] {
      let event = merged[reference]
      switch event.payload {
      case .irqEntry, .vectorEntry:
        open[reference.track, default: []].append(reference)
      case .irqExit, .vectorExit:
        _ = open[reference.track]?.popLast()
      case .hrtimerExpireEntry(let expired, _, _):
        if let timer, expired == timer, times.waking == nil { times.expireEvent = event }
      case .waking(let wake) where wake.task.pid == tid && !hasRun(times):
        // A wakeup that led to nothing (the thread was just going to sleep) is superseded.
        guard event.time >= times.expiry || times.expireEvent != nil else { break }
        times.queuedEvent = nil
        begin(with: event, reference)
      case .wakeup(let wake) where wake.task.pid == tid && !hasRun(times):
        guard times.wakingEvent != nil || event.time >= times.expiry else { break }
        if stands(for: times.wakingEvent) {
          // Without its sched_waking the wakeup begins here.
          begin(with: event, reference)
        }
        times.queuedEvent = event
      case .switched(let change):
        if change.next.pid == tid, !hasRun(times),
          event.time >= times.expiry || times.wakingEvent != nil
        {
          times.switchedEvent = event
          times.switched = event.time
        }
        open[reference.track] = nil
      case .stack:
        // The stack trigger writes right after its event; on a paused CPU that may take long.
        if let waking, times.stackEvent == nil, reference.track == waking.track,
          times.switched == nil,
          reference.index == waking.index + 1
            || event.time - waking.time < Nanoseconds(microseconds: 200)
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
      // Where the switch to the thread is missing, its own first event says that it had happened.
      if event.pid == tid, times.wakingEvent != nil, times.switched == nil,
        times.firstOwnEvent == nil, !isOwnWaking(event, tid)
      {
        times.firstOwnEvent = event
      }
    }
    if times.switched != nil { times.firstOwnEvent = nil }
    func clip(_ time: Nanoseconds?, _ floor: Nanoseconds) -> Nanoseconds? {
      time.map { max($0, floor) }
    }
    times.interrupt = clip(times.interruptEvent?.time, times.expiry)
    times.waking = clip(times.wakingEvent?.time, times.interrupt ?? times.expiry)
    if times.waking != nil {
      times.queued = clip(times.queuedEvent?.time, times.waking ?? times.expiry)
    }
    times.switched = clip(times.switched, times.queued ?? times.waking ?? times.expiry)
    times.firstOwn = clip(times.firstOwnEvent?.time, times.queued ?? times.waking ?? times.expiry)
    times.returned = clip(
      times.returned, times.switched ?? times.firstOwn ?? times.expiry)
  }

  /// Whether a sched_wakeup stands for the wakeup: no sched_waking came before it.
  private func stands(for waking: TraceEvent?) -> Bool {
    guard let waking else { return true }
    if case .wakeup = waking.payload { return true }
    return false
  }

  /// Whether the thread is known to have run after its wakeup: what wakes it then is a later
  /// sleep's, as for a page.
  private func hasRun(_ times: WakeupTimes) -> Bool {
    if times.switched != nil || (times.wakingEvent != nil && times.returned != nil) { return true }
    if case .pageFault = times.firstOwnEvent?.payload { return times.wakingEvent != nil }
    return false
  }

  /// Whether the event was written by the thread for itself before it had been switched out.
  private func isOwnWaking(_ event: TraceEvent, _ tid: Int32) -> Bool {
    switch event.payload {
    case .waking(let wake), .wakeup(let wake): wake.task.pid == tid
    case .stack, .vectorEntry, .vectorExit, .irqEntry, .irqExit: event.context.inHardIRQ
    case .switched(let change): change.previous.pid == tid
    default: event.context.inHardIRQ || event.context.inSoftIRQ || event.context.inNMI
    }
  }
}
