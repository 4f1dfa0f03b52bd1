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
    case pages(TraceDecoder, [CPUPages])
    case timeline(Timeline)
  }

  /// Opens a trace as `TraceOpener` does; throws where it is none, or where it has no buffer `instance`.
  ///
  /// One buffer is replayed: each task has one state, and what two buffers hold of one event would count twice. It is
  /// that of the name `instance`, else the first one with a sched_switch.
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
        let decoder = try Self.decoder(buffer.trace, name)
        source =
          buffer.clock.isPlain
          ? .pages(decoder, buffer.trace.cpus)
          : .timeline(opened.file?.corrected(decoder.timeline()) ?? decoder.timeline())
      } else {
        source = .timeline(choice.section?.timeline ?? Timeline(cpus: []))
      }
    } catch {
      throw RecordedError(error)
    }
  }

  private static func decoder(
    _ trace: RawTrace, _ path: String
  ) throws(TraceFileError) -> TraceDecoder {
    do throws(RingBufferError) {
      return try TraceDecoder(trace: trace)
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
    var merger: RunQueueMerger
    switch source {
    case .pages(let decoder, let buffers):
      let reader = RunQueueDecoder(decoder, labels: labels)
      merger = RunQueueMerger(buffers: buffers.count)
      for (index, buffer) in buffers.enumerated() {
        merger.queues[index] = Self.events(buffer, decoder, reader)
      }
    case .timeline(let timeline):
      merger = RunQueueMerger(buffers: timeline.cpus.count)
      for (index, cpu) in timeline.cpus.enumerated() {
        merger.queues[index] = Self.events(cpu, labels)
      }
    }
    var count = 0
    merger.drain(upTo: .max) { event in
      replay.apply(event)
      count += 1
      if count % 65_536 == 0 { observer.give(&replay) }
    }
    replay.finish()
    observer.give(&replay)
    return replay
  }

  private static func events(
    _ buffer: CPUPages, _ decoder: TraceDecoder, _ reader: RunQueueDecoder
  ) -> [RunQueueEvent] {
    var events: [RunQueueEvent] = []
    let pages = decoder.pageIndex(cpu: buffer.cpu)?.pages ?? []
    for (number, page) in pages.enumerated() {
      let range = page.position..<page.position + decoder.pageSize
      buffer.store.withBytes(in: range.clamped(to: buffer.range)) { bytes in
        let before = events.count
        let (lost, _) = reader.decode(
          bytes, cpu: Int32(truncatingIfNeeded: buffer.cpu), into: &events)
        // What was lost before the first page is before all that is known.
        if number == 0, lost != .none, before < events.count { events.remove(at: before) }
      }
    }
    return events
  }

  private static func events(_ cpu: CPUTimeline, _ labels: LabelTable) -> [RunQueueEvent] {
    var events = cpu.events.compactMap { RunQueueEvent($0, labels: labels) }
    for gap in cpu.gaps {
      var lost = RunQueueEvent(
        kind: .lost, time: gap.span.end.count, cpu: Int32(truncatingIfNeeded: cpu.cpu), pid: 0)
      lost.value = -1
      if case .lostEvents(let count?) = gap.cause { lost.value = Int64(clamping: count) }
      let at = events.firstIndex { $0.time >= lost.time } ?? events.endIndex
      events.insert(lost, at: at)
    }
    return events
  }
}
