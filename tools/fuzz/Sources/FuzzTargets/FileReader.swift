import Analysis
import Report
@testable import RingBuffer
@testable import Recorded
@testable import Session
import TraceFile
import TraceModel
@testable import Tracefs

/// A parser of a small file that the kernel or a user writes; an input's first line names it.
enum FileReader: String, CaseIterable {
  case kallsyms, printk, header, stats, journal, marker, cpus, names, cgroup
  case system, tracefs, dump, bundle, packed
  case facts, histogram, scope, runqslower, config, kmsg, tracer

  /// Reads an input: the name, a line end, the file.
  static func read(_ bytes: [UInt8], _ fixture: Fixture) -> Target.Outcome {
    var outcome = Target.Outcome()
    let end = bytes.firstIndex(of: 10) ?? bytes.count
    guard let reader = FileReader(rawValue: String(decoding: bytes[..<end], as: UTF8.self)) else {
      outcome.isRefused = true
      return outcome
    }
    outcome.count = 1
    outcome.sum = reader.read(Array(bytes[min(end + 1, bytes.count)...]), fixture)
    return outcome
  }

  private func read(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    let text = String(decoding: bytes, as: UTF8.self)
    switch self {
    case .kallsyms: return SymbolOracle.check(bytes)
    case .printk:
      let names = AddressNames(symbols: SymbolTable(text), printkFormats: text)
      return names.text(at: 0xffff_ffff_8200_0000)?.utf8.count ?? 0
    case .header:
      let page = (try? RingBuffer.HeaderPage(text: text))?.dataOffset ?? 0
      return page &+ (Tracefs.HeaderPage(text)?.size ?? 0)
    case .stats: return Int(truncatingIfNeeded: CPUBufferStatistics(cpu: 0, text: text).lost)
    case .journal: return Self.journal(text)
    case .marker: return Self.marker(text)
    case .cpus:
      guard let set = CPUSet(list: text) else { return 0 }
      precondition(CPUSet(list: set.list) == set, "a set of CPUs is not read back")
      return set.mask.utf8.count
    case .names:
      let parts = text.split(separator: "\n").map {
        InstanceName($0)?.text ?? "\(EventName($0)?.path ?? "")"
      }
      return parts.count + ClockList(text).names.count + TaskSelector(text).text.utf8.count
    case .cgroup, .system: return Self.system(bytes, fixture)
    case .tracefs: return Self.tracefs(bytes, fixture)
    case .dump: return Self.dump(bytes, fixture)
    case .bundle: return Self.bundle(bytes, fixture)
    case .packed:
      var problem: String?
      let store = try? PackedFile.unpacked(ByteStore(bytes), path: "input", problem: &problem)
      return store?.count ?? 0
    case .facts: return FactsFile.check(bytes, fixture)
    case .histogram: return Self.histogram(text)
    case .scope: return Self.scope(text)
    case .runqslower:
      let log = RunqslowerLog(text)
      return log.rows.count + log.problems.reduce(0) { $0 + $1.text.utf8.count }
    case .config:
      let config = KernelConfig(text: text)
      let options = BootOptions(text)
      let model = PreemptionModelReader.read(
        version: text, realtime: nil, options: options, config: config)
      return (model?.1.utf8.count ?? 0) + (config.value("HZ")?.utf8.count ?? 0)
        + (MachineCollector.cpus(text)?.count ?? 0)
    case .kmsg:
      let log = KernelLog(records: text)
      return log.lines.count + (log.clockTrouble(after: 3)?.utf8.count ?? 0)
    case .tracer:
      return ["irqsoff", "preemptirqsoff", "wakeup_rt", "hwlat"].count {
        TracerSelfTest.isForeign($0, text: text)
      }
    }
  }

  private static func journal(_ text: String) -> Int {
    guard let journal = JournalFile(text) else { return 0 }
    var size = journal.nextID & 0xff
    for record in journal.pending {
      size &+=
        JournalFile.line(record).utf8.count &+ record.target.utf8.count
        &+ record.ours.utf8.count
    }
    return size
  }

  private static func marker(_ text: String) -> Int {
    var size = 0
    for line in text.split(separator: "\n") {
      if let marker = BreakMarker(line) {
        precondition(
          BreakMarker(marker.text) == marker || marker.wake - marker.expiry == Nanoseconds(.min),
          "a marker is not read back")
        size &+= marker.sample(comm: "x").comment
      }
      let foreign = ForeignMarker(
        MarkerLine(time: .zero, cpu: 0, pid: 1, text: String(line), position: 0))
      size &+= Int(truncatingIfNeeded: foreign?.latency?.count ?? 0)
    }
    return size
  }

  /// Lines `thread:number:value`, as `scope` takes them from a pipe.
  private static func scope(_ text: String) -> Int {
    var trace = ScopeTrace(width: 40, height: 10)
    var size = 0
    for line in text.split(separator: "\n").prefix(64) {
      let words = line.split(separator: ":").map { Int64($0.drop { $0 == " " }) }
      guard words.count == 3, let thread = words[0], let value = words[2] else { continue }
      trace.add(thread: Int(thread), value: value)
      if value & 1 == 0 { trace.endColumn() }
      size &+= trace.frame.utf8.count
    }
    return size
  }

  private static func histogram(_ text: String) -> Int {
    guard case .series(let series)? = try? HistogramReader.read(text, name: "input") else {
      return 0
    }
    let some = Array(series.prefix(4)) + [PlotSeries.sum(series, label: "sum")]
    var size = 0
    for kind in LatencyPlot.Kind.allCases {
      for isLogarithmic in [false, true] {
        let plot = LatencyPlot(
          title: "input", kind: kind, series: some, limit: isLogarithmic ? 100 : nil,
          hasLogarithmicLatency: isLogarithmic)
        size &+= plot.svg.utf8.count &+ plot.terminal().utf8.count
      }
    }
    return size
  }
}

extension WakeupSample {
  /// A number from it, so that it is made.
  fileprivate var comment: Int { Int(truncatingIfNeeded: latency.count) }
}
