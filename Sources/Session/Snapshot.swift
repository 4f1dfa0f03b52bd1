internal import Recorded
internal import RingBuffer
internal import Report
internal import TraceModel
internal import Tracefs

/// The contents of an instance after the break, and what its buffers say of themselves.
struct Snapshot: Sendable {
  var trace: RawTrace
  var statistics: [CPUBufferStatistics]
  /// Whether the pages are all that the buffers hold, not only those around the window.
  var isWhole: Bool
  /// The kernel's symbols at the hit.
  var symbols = SymbolTable("")

  /// Takes the pages around a wakeup that was due at `expiry`, where the kernel can give them
  /// without emptying the buffers; else all pages. Tracing must be off.
  init(
    _ instance: ArmedInstance, texts: TraceTexts, around expiry: Nanoseconds
  ) throws(TracefsError) {
    // Before reading: that changes what the counters say.
    statistics = try instance.statistics()
    var pages: [CPUPages] = []
    var isWindow = true
    for cpu in try instance.cpus() {
      var bytes: [UInt8] = []
      let selection = try instance.appendMappedPages(
        cpu: cpu, since: expiry, pagesBefore: SpikeExplainer.baselinePages, to: &bytes)
      if selection == nil {
        isWindow = false
        break
      }
      pages.append(CPUPages(cpu: cpu, store: ByteStore(bytes)))
    }
    if !isWindow { pages = try Self.allPages(instance) }
    isWhole = !isWindow
    trace = try Self.trace(instance, texts, pages)
  }

  /// Takes all pages of the spare buffer, which held the break until the buffers were exchanged,
  /// and empties it.
  ///
  /// `statistics` are what the buffer said of itself before.
  init(
    spareOf instance: ArmedInstance, texts: TraceTexts, statistics: [CPUBufferStatistics]
  ) throws(TracefsError) {
    self.statistics = statistics
    let pages = try Self.allPages(instance, isSpare: true)
    try instance.emptySpare()
    isWhole = true
    trace = try Self.trace(instance, texts, pages)
  }

  /// Takes all pages of a small instance.
  init(whole instance: ArmedInstance, texts: TraceTexts) throws(TracefsError) {
    statistics = []
    isWhole = true
    trace = try Self.trace(instance, texts, try Self.allPages(instance))
  }

  private static func trace(
    _ instance: ArmedInstance, _ texts: TraceTexts, _ pages: [CPUPages]
  ) throws(TracefsError) -> RawTrace {
    RawTrace(
      pageSize: texts.pageSize, headerPage: texts.headerPage, headerEvent: texts.headerEvent,
      formats: texts.formats,
      comms: try instance.savedComms(), symbols: "",
      printkFormats: try instance.printkFormats(),
      clock: instance.items.first { $0.kind == .clock }?.got ?? "", cpus: pages)
  }

  /// Empties the buffers, so that every page is in the trace.
  mutating func complete(_ instance: ArmedInstance) throws(TracefsError) {
    guard !isWhole else { return }
    trace.cpus = try Self.allPages(instance)
    isWhole = true
  }

  private static func allPages(
    _ instance: ArmedInstance, isSpare: Bool = false
  ) throws(TracefsError) -> [CPUPages] {
    var pages: [CPUPages] = []
    for cpu in try instance.cpus() {
      var bytes: [UInt8] = []
      try instance.appendPages(cpu: cpu, to: &bytes, isSpare: isSpare)
      pages.append(CPUPages(cpu: cpu, store: ByteStore(bytes)))
    }
    return pages
  }

  /// What was wanted of the instance, what it gave, and its counters.
  func facts(_ instance: ArmedInstance, window: TimeSpan) -> TraceFacts {
    var facts = TraceFacts()
    facts.bufferNeeded = BufferAdvice.kilobytes(for: window, filled: statistics)
    for item in instance.items {
      switch item.kind {
      case .buffer:
        facts.bufferAsked = Int(item.wanted)
        facts.bufferGot = item.got.flatMap { Int($0) }
      case .clock: facts.clock = item.got
      case .tracer:
        facts.tracerWanted = item.wanted
        facts.tracerGot = item.got
      case .event:
        if item.error == nil {
          facts.events.append(item.name)
        } else {
          facts.eventsMissing.append(item.name)
        }
      default: break
      }
    }
    facts.events.sort()
    facts.eventsMissing.sort()
    facts.cpus = statistics.map {
      TraceFacts.PerCPU(
        cpu: $0.cpu, overrun: $0.overrun, dropped: $0.dropped, commitOverrun: $0.commitOverrun,
        oldest: $0.oldestEvent, bytes: $0.bytes)
    }
    return facts
  }
}
