public import Analysis
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// The run queues of a recorded trace: one buffer of it, or a text.
public struct RunQueueRecording {
  /// What could not be read of the file, one line each.
  public let problems: [String]
  /// Which of several buffers or texts is meant, one line each.
  public let remarks: [String]
  private let source: Source

  private enum Source {
    /// The decoder knows no pages.
    case pages(TraceDecoder, [CPUPages], StampClock)
    case timeline(Timeline)
  }

  /// Opens a trace as `TraceOpener` does; throws where it is none, or where it has no buffer
  /// `instance`.
  ///
  /// One buffer is replayed: each task has one state, and what two buffers hold of one event would
  /// count twice. It is that of the name `instance`, else the first one with a sched_switch.
  public init(
    path: String, formats: String? = nil, instance: String? = nil
  ) throws(RecordedError) {
    let opened = try TraceOpener.open(path, formats: formats)
    problems = opened.problems
    let name = TraceOpener.name(path)
    do throws(TraceFileError) {
      let choice = try BufferChoice(opened, instance: instance, path: name)
      remarks = choice.remarks
      if let buffer = choice.buffer {
        source = .pages(
          try Self.decoder(buffer.trace, name), buffer.trace.cpus, buffer.clock)
      } else {
        source = .timeline(choice.section?.timeline ?? Timeline(cpus: []))
      }
    } catch {
      throw RecordedError(error)
    }
  }

  /// Whether it is a text without any event.
  public var hasNoEvents: Bool {
    if case .timeline(let timeline) = source {
      timeline.cpus.allSatisfy(\.events.isEmpty)
    } else {
      false
    }
  }

  private static func decoder(
    _ trace: RawTrace, _ path: String
  ) throws(TraceFileError) -> TraceDecoder {
    var bare = trace
    bare.cpus = []
    bare.formats = RunQueueDecoder.used(trace.formats)
    do throws(RingBufferError) {
      return try TraceDecoder(trace: bare)
    } catch {
      throw TraceFileError(.read, path: path, reason: .invalid("\(error)"))
    }
  }

  /// Replays the whole trace; the observer gets the rows in order of their end.
  public func replay(
    filter: RunQueueFilter, observer: RunQueueObserver, chains root: Int32? = nil
  ) -> RunQueueReplay {
    let labels = LabelTable()
    var replay = RunQueueReplay(
      filter: filter, labels: labels, recordsChains: root != nil, root: root)
    var merge: EventMerge
    switch source {
    case .pages(let decoder, let buffers, let clock):
      let reader = RunQueueDecoder(decoder, labels: labels)
      merge = EventMerge(buffers.map { EventQueue($0, decoder: reader, clock: clock) })
      for damage in buffers.compactMap(\.store.damage) { observer.remark(damage) }
    case .timeline(let timeline):
      merge = EventMerge(timeline.cpus.map { EventQueue(Self.events($0, labels)) })
    }
    // Rows wait no longer than this, so that their memory is bounded too.
    while merge.drain(most: 65_536, into: &replay) { observer.give(&replay) }
    replay.finish()
    observer.give(&replay)
    for problem in merge.problems { observer.remark(problem) }
    return replay
  }

  private static func events(_ cpu: CPUTimeline, _ labels: LabelTable) -> [RunQueueEvent] {
    var gaps = cpu.gaps.map { gap in
      var lost = RunQueueEvent(
        kind: .lost, time: gap.span.end.count, cpu: Int32(truncatingIfNeeded: cpu.cpu), pid: 0)
      lost.value = -1
      if case .lostEvents(let count?) = gap.cause { lost.value = Int64(clamping: count) }
      return lost
    }
    // Each goes before the first event that is not older; of equal ones the last gap is first.
    gaps.reverse()
    gaps.sort { $0.time < $1.time }
    var rest = gaps[...]
    var events: [RunQueueEvent] = []
    events.reserveCapacity(cpu.events.count + gaps.count)
    for event in cpu.events {
      guard let event = RunQueueEvent(event, labels: labels) else { continue }
      while let lost = rest.first, lost.time <= event.time {
        events.append(lost)
        rest.removeFirst()
      }
      events.append(event)
    }
    return events + rest
  }
}
