internal import Analysis
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// Looks through one buffer or text for all that is late in it.
enum LatenessSearch {
  /// The largest stretches of each kind and the number of events; nil where the events have no
  /// times.
  static func run(
    _ source: TraceSource, filter: LatenessTops.Filter
  ) -> (tops: LatenessTops, events: Int)? {
    let labels = LabelTable()
    var pass = LatenessPass(labels: labels, filter: filter)
    var merge: EventMerge
    switch source.body {
    case .pages(let pages):
      guard let decoder = try? pages.latenessDecoder() else { return nil }
      let reader = RunQueueDecoder(decoder, labels: labels, findsLateness: true)
      merge = EventMerge(
        pages.raw.cpus.map { EventQueue($0, decoder: reader, clock: pages.clock) })
    case .text(let section):
      guard !section.header.hasRawStamps else { return nil }
      merge = EventMerge(section.timeline.cpus.map { EventQueue(events($0, labels)) })
    }
    while merge.drain(most: 1 << 20, into: &pass) {}
    pass.finish()
    return (pass.tops, pass.count)
  }

  /// The events of a CPU, with a mark where the ring buffer lost some. What an author left out of a
  /// mail ends nothing: the judge sees that gap too.
  private static func events(_ cpu: CPUTimeline, _ labels: LabelTable) -> [RunQueueEvent] {
    var lost: [RunQueueEvent] = []
    for gap in cpu.gaps where !gap.isDamaged {
      lost.append(
        RunQueueEvent(
          kind: .lost, time: gap.span.end.count, cpu: Int32(truncatingIfNeeded: cpu.cpu), pid: 0))
    }
    lost.sort { $0.time < $1.time }
    var rest = lost[...]
    var events: [RunQueueEvent] = []
    events.reserveCapacity(cpu.events.count + lost.count)
    for event in cpu.events {
      guard let event = RunQueueEvent(lateness: event, labels: labels) else { continue }
      while let mark = rest.first, mark.time <= event.time {
        events.append(mark)
        rest.removeFirst()
      }
      events.append(event)
    }
    return events + rest
  }
}
