public import Analysis
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// The run queues of a recorded trace: bundle, trace.dat or ftrace text.
public struct RunQueueRecording {
  /// What could not be read of the file, one line each.
  public let problems: [String]
  private let source: Source

  private enum Source {
    case pages(TraceDecoder, [CPUPages])
    case timeline(Timeline)
  }

  /// Opens a file; throws where it is no trace.
  public init(path: String) throws(RecordedError) {
    do throws(TraceFileError) {
      var file = path
      let format = try TraceFormat.detect(path)
      if case .bundle = format { file = try Bundle(path).path(of: Bundle.trace) }
      switch format {
      case .text, .html:
        let text = try FtraceTextReader.read(file)
        problems = text.problems.map(\.description)
        source = .timeline(text.timeline)
      case .rawPages:
        let dump = try RawDumpReader.read(file)
        problems = dump.problems.map(\.description)
        source = .pages(try Self.decoder(dump.trace, path), dump.trace.cpus)
      case .bundle, .traceDat:
        let recorded = try TraceDatReader.read(file)
        problems = recorded.problems.map(\.description)
        guard let buffer = recorded.mainBuffer else {
          throw TraceFileError(.read, path: path, reason: .invalid("there is no buffer in it"))
        }
        let decoder = try Self.decoder(buffer.trace, path)
        let isPlain = recorded.cycles == nil && recorded.timeOffset == .zero
        source =
          isPlain
          ? .pages(decoder, buffer.trace.cpus) : .timeline(recorded.corrected(decoder.timeline()))
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
