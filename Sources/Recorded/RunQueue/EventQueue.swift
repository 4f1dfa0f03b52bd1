internal import Analysis
internal import RingBuffer
internal import TraceModel

/// What takes the events of all CPUs in order of time.
protocol EventSink {
  /// Takes the next event.
  mutating func apply(_ event: RunQueueEvent)
}

extension RunQueueReplay: EventSink {}

/// The events of one CPU's buffer in their order: a page is decoded when the events before it were
/// given.
struct EventQueue {
  /// Where the events after `events` come from.
  fileprivate struct Rest {
    var pages: PageSequence
    let decoder: RunQueueDecoder
    let clock: StampClock
    let cpu: Int32
    /// What was lost before the first page is before all that is known.
    var isFirst = true
    var last: Int64 = 0
  }

  private var events: [RunQueueEvent]
  private var head = 0
  private var rest: Rest?

  /// Events that are there already.
  init(_ events: [RunQueueEvent]) { self.events = events }

  /// The events of pages, which are read piece by piece.
  init(_ pages: CPUPages, decoder: RunQueueDecoder, clock: StampClock) {
    events = []
    events.reserveCapacity(256)
    rest = Rest(
      pages: PageSequence(pages, decoder.decoder), decoder: decoder, clock: clock,
      cpu: Int32(truncatingIfNeeded: pages.cpu))
    refill()
  }

  /// The stamp of the next event, nil at the end.
  var time: Int64? { head < events.count ? events[head].time : nil }

  /// Where the pages could not be read, nil where all could.
  var problem: String? { rest?.pages.problem }

  /// Applies the next event, and those after it as long as they are not younger than `limit`,
  /// `most` at most, which is counted down.
  ///
  /// - Returns: Whether it stopped before `limit` because of `most`.
  @_optimize(speed) mutating func drain(
    upTo limit: Int64, most: inout Int, into replay: inout some EventSink
  ) -> Bool {
    while head < events.count {
      // One at least: the first one is next whatever its stamp.
      repeat {
        replay.apply(events[head])
        head += 1
        most -= 1
      } while most > 0 && head < events.count && events[head].time <= limit
      guard head < events.count || refill(), events[head].time <= limit else { return false }
      if most <= 0 { return true }
    }
    return false
  }

  /// Decodes pages until there are events; false at the end.
  @discardableResult private mutating func refill() -> Bool {
    head = 0
    events.removeAll(keepingCapacity: true)
    guard rest != nil else { return false }
    while events.isEmpty, rest?.refill(&events) == true {}
    return !events.isEmpty
  }
}

extension EventQueue.Rest {
  /// Decodes the next page; false at the end.
  fileprivate mutating func refill(_ events: inout [RunQueueEvent]) -> Bool {
    let (decoder, cpu, last) = (decoder, cpu, last)
    let isThere = pages.next { page in
      _ = decoder.decode(page, cpu: cpu, into: &events, after: last)
    }
    guard isThere else { return false }
    if isFirst, events.first?.kind == .lost { events.removeFirst() }
    isFirst = false
    if let time = events.last?.time { self.last = time }
    if !clock.isPlain {
      for index in events.indices {
        events[index].time = clock.time(Nanoseconds(events[index].time)).count
      }
    }
    return true
  }
}
