internal import RingBuffer
internal import Report
internal import TraceModel
internal import Tracefs

/// The contents of an instance after the break, and what its buffers say of themselves.
struct Snapshot {
  var trace: RawTrace
  var statistics: [CPUBufferStatistics]

  /// Empties the buffers of `instance`; tracing must be off.
  init(_ instance: ArmedInstance) throws(TracefsError) {
    // Before reading: it changes what the counters say.
    statistics = try instance.statistics()
    var pages: [CPUPages] = []
    for cpu in try instance.cpus() {
      var bytes: [UInt8] = []
      try instance.appendPages(cpu: cpu, to: &bytes)
      pages.append(CPUPages(cpu: cpu, store: ByteStore(bytes)))
    }
    trace = RawTrace(
      pageSize: try instance.pageSize(), headerPage: try instance.headerPage(),
      headerEvent: try instance.headerEvent(),
      formats: try instance.formats().map { FormatText(system: $0.event.system, text: $0.text) },
      comms: try instance.savedComms(), symbols: ProcText.read("/proc/kallsyms") ?? "",
      printkFormats: try instance.printkFormats(),
      clock: instance.items.first { $0.kind == .clock }?.got ?? "", cpus: pages)
  }

  /// What was wanted of the instance, what it gave, and its counters.
  func facts(_ instance: ArmedInstance) -> TraceFacts {
    var facts = TraceFacts()
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
