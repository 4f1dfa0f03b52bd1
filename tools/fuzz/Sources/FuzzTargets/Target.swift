import Report
import RingBuffer
import Recorded
import Session
import TraceFile
import TraceModel

/// What an input is.
public enum Target: String, CaseIterable, Sendable {
  /// Sub-buffer pages, read with sound formats.
  case pages
  /// Event formats, with which a sound page is read.
  case formats
  /// Whole trace.dat files, read and analysed.
  case dat
  /// ftrace's text, trace-cmd's and systrace's, read and analysed.
  case text
  /// Pages or a trace.dat, searched while they are read.
  case stream
  /// trace.dat files and texts, replayed for waits for a CPU.
  case runq
  /// Small files of kernel and user, each with the name of its parser in front.
  case files

  /// How much is done with an input.
  public enum Depth: Sendable {
    /// Records walked, their numbers read.
    case walk
    /// Whole events too.
    case events
    /// Its own decoder, timelines, markers, texts.
    case all
  }

  /// What one input gave.
  public struct Outcome: Sendable {
    /// Records, events or reports, whatever the target counts.
    public var count = 0
    /// Whether the input was refused, or found damaged.
    public var isRefused = false
    /// Keeps the optimizer from leaving work out.
    public var sum = 0
  }

  /// The inputs that mutation starts from.
  public func seeds(_ fixture: Fixture) -> [[UInt8]] {
    switch self {
    case .pages: fixture.pages
    case .formats: fixture.trace.formats.map { Array(($0.system + "\n" + $0.text).utf8) }
    case .dat: fixture.dats
    case .text: fixture.texts
    case .stream: fixture.streams
    case .runq: fixture.dats + fixture.texts
    case .files: fixture.files
    }
  }

  /// The inputs that are changed exhaustively: a page, formats of every shape, a small trace.dat,
  /// each small file.
  public func exhaustiveSeeds(_ fixture: Fixture) -> [[UInt8]] {
    switch self {
    case .pages: fixture.pages.suffix(1)
    case .formats:
      ["sched_switch", "hrtimer_start", "kernel_stack", "print", "softirq_entry"].compactMap {
        name in
        fixture.trace.formats.first { $0.text.hasPrefix("name: \(name)\n") }.map {
          Array(($0.system + "\n" + $0.text).utf8)
        }
      }
    case .dat, .runq: [fixture.smallDat]
    case .stream: [StreamInput.seed(question: 1, split: 0, fixture.pages[0]), fixture.smallDat]
    case .text: fixture.texts.filter { $0.count < 4_096 }
    case .files: fixture.files.filter { $0.count < 4_096 }
    }
  }

  /// Whether an input takes so little that each byte can be tried in every other value.
  public var isQuick: Bool { self == .pages || self == .formats }

  /// Removes what was written beside the inputs.
  public static func end() { FileReader.removeTree() }

  /// Whether inputs are changed as texts.
  public var isText: Bool { self == .formats || self == .text || self == .files }

  /// Reads one input by every road; a trap is the fault that is looked for.
  public func check(_ bytes: [UInt8], _ fixture: Fixture, depth: Depth) -> Outcome {
    switch self {
    case .pages: Self.page(bytes, fixture, depth)
    case .formats: Self.format(bytes, fixture)
    case .dat, .text: Self.file(bytes, fixture)
    case .stream: Self.stream(bytes, fixture)
    case .runq: Self.runQueue(bytes)
    case .files: FileReader.read(bytes, fixture)
    }
  }

  private static func page(_ page: [UInt8], _ fixture: Fixture, _ depth: Depth) -> Outcome {
    var outcome = Outcome()
    let base = fixture.decoder
    let bytes = page.span.bytes
    let status = base.reader.forEachRecord(in: bytes, pageSize: 4096) { record in
      outcome.count += 1
      if let fields = base.schema.schedSwitch?.read(bytes, record) {
        outcome.sum &+= Int(fields.nextPid)
      }
      if let fields = base.schema.schedWaking?.read(bytes, record) {
        outcome.sum &+= Int(fields.pid)
      }
      if depth != .walk {
        outcome.sum &+= base.event(bytes, record, cpu: 0).text.utf8.count
      }
      return true
    }
    if case .damaged(_, let offset) = status {
      precondition(offset >= 0 && offset <= 4096, "the damage's place lies outside the page")
      outcome.isRefused = true
    }
    guard depth == .all else { return outcome }
    for order in [ByteOrder.little, .big] {
      var trace = fixture.trace
      trace.byteOrder = order
      trace.formats = Array(trace.formats.prefix(8))
      trace.cpus = [CPUPages(cpu: 0, store: ByteStore(page + page))]
      guard let decoder = try? TraceDecoder(trace: trace) else { continue }
      for cpu in decoder.timeline().cpus {
        precondition(
          zip(cpu.events, cpu.events.dropFirst()).allSatisfy { $0.time <= $1.time },
          "a timeline goes back in time")
      }
      outcome.sum &+= decoder.findMarkers(containing: "x", limit: 3).count
    }
    return outcome
  }

  /// The first line is the system, the rest the format.
  private static func format(_ bytes: [UInt8], _ fixture: Fixture) -> Outcome {
    var outcome = Outcome()
    var trace = fixture.trace
    let end = bytes.firstIndex(of: 10) ?? bytes.count
    trace.formats = [
      FormatText(
        system: String(decoding: bytes[..<end], as: UTF8.self),
        text: String(decoding: bytes[min(end + 1, bytes.count)...], as: UTF8.self))
    ]
    trace.symbols = ""
    let page = fixture.pages[bytes.count % fixture.pages.count]
    trace.cpus = [CPUPages(cpu: 0, store: ByteStore(page))]
    do throws(RingBufferError) {
      let decoder = try TraceDecoder(trace: trace)
      outcome.isRefused = !decoder.schema.problems.isEmpty
      for event in decoder.timeline().merged { outcome.sum &+= event.text.utf8.count }
      guard let format = decoder.schema.formats.first else { return outcome }
      // Whatever id the mutation left: every record is decoded as this event.
      _ = decoder.reader.forEachRecord(in: page.span.bytes) { record in
        outcome.count += 1
        for field in format.fields {
          outcome.sum &+= Int(
            truncatingIfNeeded:
              decoder.schema.slot(field.name, of: format)?.integer(page.span.bytes, record) ?? 0)
        }
        return true
      }
    } catch {
      outcome.isRefused = true
    }
    return outcome
  }

  /// The road of `breaktrace analyze`.
  private static func file(_ bytes: [UInt8], _ fixture: Fixture) -> Outcome {
    var outcome = Outcome()
    do throws(RecordedError) {
      let recorded = try RecordedTrace(bytes: bytes, name: "input")
      var request = AnalyzeRequest()
      request.limit = 3
      var verdicts = [recorded.analyze(request, toolVersion: "fuzz")]
      request.threshold = Nanoseconds(0)
      request.all = true
      verdicts.append(recorded.analyze(request, toolVersion: "fuzz"))
      // Any task's wake-up, in the middle of the recorded pages.
      request.time = Nanoseconds(fixture.middle)
      verdicts.append(recorded.analyze(request, toolVersion: "fuzz"))
      for late in verdicts.compactMap(\.late) {
        outcome.sum &+= MailText.render(late.nothing).utf8.count
        if let rest = late.rest({ "\($0)" }) { outcome.sum &+= MailText.render(rest).utf8.count }
      }
      outcome.sum &+= verdicts.flatMap(\.order).reduce(0) { $0 + $1.utf8.count }
      for report in verdicts.flatMap(\.reports) {
        outcome.count += 1
        outcome.sum &+= report.text.utf8.count
        outcome.sum &+= (try? report.json.utf8.count) ?? 0
      }
      request.time = nil
      if let table = recorded.list(request) {
        outcome.sum &+= (try? table.json.utf8.count) ?? 0
        outcome.sum &+= MailText.render(table.document).utf8.count
      }
      outcome.isRefused = !recorded.problems.isEmpty
    } catch {
      outcome.isRefused = true
      outcome.sum = "\(error)".utf8.count
      outcome.sum &+= FtraceTextReader.read(ByteStore(bytes)).sections.count
    }
    return outcome
  }
}
