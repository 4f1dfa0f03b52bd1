internal import Analysis
internal import Report
internal import RingBuffer
internal import SystemPackage
internal import TraceFile
internal import TraceModel

/// Reads what a path names into buffers and sections.
struct RecordedTraceReader {
  /// A search that is sure to be made.
  let question: StreamSearch.Question?
  private(set) var sources: [TraceSource] = []
  private(set) var problems: [String] = []
  /// The facts of breaktrace's own files.
  private(set) var facts: ReportFacts?
  /// What other programs' files tell of the machine.
  private(set) var foreignFacts = ReportFacts()

  init(question: StreamSearch.Question? = nil) { self.question = question }

  mutating func read(_ path: String, formats: String?) throws(RecordedError) {
    do throws(TraceFileError) {
      if let store = try PackedFile.open(path) {
        try file(store, path)
        return
      }
      switch try TraceFormat.detect(path) {
      case .bundle:
        let trace = try Bundle(path).path(of: Bundle.trace)
        do throws(TraceFileError) {
          try file(try MappedFile.open(trace), path)
        } catch  where error.errno == .noSuchFileOrDirectory {
          var lacking = error
          lacking.hint = "the bundle is not whole: copy its trace.dat too"
          throw lacking
        }
      case .rawPages: try pages(path, formats)
      case .traceDat, .text, .html: try file(try MappedFile.open(path), path)
      }
    } catch {
      throw RecordedError(error)
    }
  }

  mutating func read(_ store: ByteStore, path: String) throws(RecordedError) {
    do throws(TraceFileError) {
      try file(store, path)
    } catch {
      throw RecordedError(error)
    }
  }

  private mutating func file(_ store: ByteStore, _ path: String) throws(TraceFileError) {
    switch try TraceFormat.detect(store, path: path) {
    case .traceDat: take(try TraceDatReader.read(store, path: path))
    case .text, .html: take(FtraceTextReader.read(store))
    case .bundle, .rawPages: break
    }
  }

  private mutating func take(_ file: TraceDatFile) {
    problems += file.problems.map(\.description)
    for buffer in file.buffers where buffer.trace.cpus.contains(where: { !$0.range.isEmpty }) {
      take(buffer.trace, name: buffer.name, file: file)
    }
    if let text = file.latencyText { take(FtraceTextReader.read(ByteStore(Array(text.utf8)))) }
    if let line = file.facts {
      do throws(ReportError) {
        facts = try ReportFacts(json: line)
      } catch {
        problems.append("\(error)")
      }
    }
    if file.hasTimeShift { problems.append("the guest's time shift (TIME_SHIFT) is not applied") }
    // trace-cmd writes `Linux HOST RELEASE MACHINE`, breaktrace `Linux RELEASE #1 VERSION MACHINE`.
    let words = file.uname.split(separator: " ").map(String.init)
    let release = words.count > 2 ? words[2].hasPrefix("#") ? words[1] : words[2] : ""
    foreign(
      system: words.first, release: release,
      architecture: words.count > 3 ? words.last : nil, model: "",
      clock: file.mainBuffer?.trace.clock ?? "")
  }

  private mutating func take(_ trace: RawTrace, name: String, file: TraceDatFile?) {
    do throws(RingBufferError) {
      let pages = try PagedTrace(
        trace, clock: StampClock(file, clock: trace.clock), question: question)
      for cpu in pages.scan.cpus {
        problems += pages.scan.pageIndex(cpu: cpu)?.problems.map { "\($0)" } ?? []
      }
      sources.append(TraceSource(name: name, body: .pages(pages)))
    } catch {
      problems.append("\(error)")
    }
  }

  private mutating func take(_ text: FtraceText) {
    problems += text.problems.map { problem in
      (problem.offset.map { "line \($0): " } ?? "") + problem.text
    }
    sources += text.sections.filter { $0.eventCount > 0 || $0.header.latency != nil }.map {
      TraceSource(name: "", body: .text($0))
    }
    if sources.isEmpty {
      sources = text.sections.prefix(1).map { TraceSource(name: "", body: .text($0)) }
    }
    let header = text.header
    foreign(
      release: header.latency?.release ?? "", model: header.latency?.preemptionModel ?? "",
      clock: "")
  }

  private mutating func pages(_ path: String, _ formats: String?) throws(TraceFileError) {
    var other: TraceDatFile?
    if let formats, case .traceDat? = try? TraceFormat.detect(formats) {
      other = try TraceDatReader.read(formats)
    }
    let dump = try RawDumpReader.read(path, formatsAt: other == nil ? formats : nil)
    var trace = dump.trace
    problems += dump.problems.map(\.description)
    if let from = other?.mainBuffer?.trace {
      if trace.formats.isEmpty {
        trace.formats = from.formats
        problems.removeAll { $0.contains("format files") }
      }
      if trace.symbols.isEmpty { trace.symbols = from.symbols }
      if trace.printkFormats.isEmpty { trace.printkFormats = from.printkFormats }
    }
    take(trace, name: "", file: nil)
    foreign(release: "", model: "", clock: trace.clock)
  }

  /// Takes what another program's file says of the machine. What it was recorded on, and what a host took away, no such
  /// file says: that stays unknown.
  ///
  /// - Parameters:
  ///   - system: Name of the operating system, nil where it is not known.
  ///   - release: Release of its kernel, empty where it is not known.
  ///   - architecture: As `uname -m` names it, nil where it is not known.
  ///   - model: Preemption model of the text's header, empty without one.
  ///   - clock: Name of the trace clock, empty where it is not known.
  private mutating func foreign(
    system: String? = nil, release: String, architecture: String? = nil, model: String,
    clock: String
  ) {
    var machine = MachineFacts()
    machine.system = system
    if !release.isEmpty { machine.release = release }
    machine.architecture = architecture
    var context = SystemContext()
    context.architecture = architecture
    switch model {
    case "preempt_rt", "rt": context.preemption = .rt
    case "preempt", "full": context.preemption = .full
    case "desktop", "voluntary": context.preemption = .voluntary
    case "server", "none": context.preemption = SystemContext.PreemptionModel.none
    default: if release.contains("-rt") { context.preemption = .rt }
    }
    if let preemption = context.preemption {
      machine.preemption = preemption.rawValue
      machine.preemptionSource = model.isEmpty ? "the release's name" : "the tracer's header"
    }
    foreignFacts = ReportFacts()
    if system != nil || !release.isEmpty || context.preemption != nil {
      foreignFacts.machine = machine
    }
    if !clock.isEmpty {
      var trace = TraceFacts()
      trace.clock = clock
      foreignFacts.trace = trace
    }
    foreignFacts.context = ContextRecord(context)
  }
}
