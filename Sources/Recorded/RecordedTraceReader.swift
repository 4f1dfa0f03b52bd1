internal import Analysis
internal import Report
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// Makes the sources of an analysis of what was opened.
struct RecordedTraceReader {
  /// A search that is sure to be made.
  let question: StreamSearch.Question?
  private(set) var sources: [TraceSource] = []
  private(set) var problems: [String] = []
  private(set) var repairs: [String] = []
  /// The facts of breaktrace's own files.
  private(set) var facts: ReportFacts?
  /// What other programs' files report of the machine.
  private(set) var foreignFacts = ReportFacts()

  init(question: StreamSearch.Question? = nil) { self.question = question }

  mutating func take(_ opened: OpenedTrace) {
    problems += opened.problems
    repairs += opened.repairs
    for buffer in opened.buffers where buffer.hasPages { take(buffer) }
    sources += opened.sections.map { TraceSource(name: "", body: .text($0)) }
    let header = opened.textHeader?.latency
    guard let file = opened.file else {
      let clock = opened.buffers.first?.trace.clock ?? ""
      foreign(
        release: header?.release ?? "", model: header?.preemptionModel ?? "", clock: clock,
        flagWidth: opened.textHeader?.flagWidth ?? 0)
      return
    }
    if let line = file.facts {
      do throws(ReportError) {
        facts = try ReportFacts(json: line)
      } catch {
        problems.append("\(error)")
      }
    }
    if file.hasTimeShift {
      problems.append("the time shift of the guest (TIME_SHIFT) is not applied")
    }
    // trace-cmd writes `Linux HOST RELEASE MACHINE`, breaktrace `Linux RELEASE #1 VERSION MACHINE`.
    let words = file.uname.split(separator: " ").map(String.init)
    let release = words.count > 2 ? words[2].hasPrefix("#") ? words[1] : words[2] : ""
    foreign(
      system: words.first, release: release,
      architecture: words.count > 3 ? words.last : nil, model: "",
      clock: file.mainBuffer?.trace.clock ?? "")
  }

  private mutating func take(_ buffer: OpenedTrace.Buffer) {
    do throws(RingBufferError) {
      let pages = try PagedTrace(buffer.trace, clock: buffer.clock, question: question)
      for cpu in pages.scan.cpus {
        problems += pages.scan.pageIndex(cpu: cpu)?.problems.map { "\($0)" } ?? []
      }
      problems += buffer.trace.cpus.compactMap(\.store.damage)
      sources.append(TraceSource(name: buffer.name, body: .pages(pages)))
    } catch {
      problems.append("\(error)")
    }
  }

  /// Takes what another program's file says of the machine. What it was recorded on, and what a
  /// host took away, no such file says: that stays unknown.
  ///
  /// - Parameters:
  ///   - system: Name of the operating system, nil where it is not known.
  ///   - release: Release of its kernel, empty where it is not known.
  ///   - architecture: As `uname -m` names it, nil where it is not known.
  ///   - model: Preemption model of the text's header, empty without one.
  ///   - clock: Name of the trace clock, empty where it is not known.
  ///   - flagWidth: The most flags that a line of a text has.
  private mutating func foreign(
    system: String? = nil, release: String, architecture: String? = nil, model: String,
    clock: String, flagWidth: Int = 0
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
    default:
      // The columns of lazy preemption came with the real-time patches, and no other kernel prints
      // that many.
      if release.contains("-rt") || flagWidth > 5 { context.preemption = .rt }
    }
    if let preemption = context.preemption {
      machine.preemption = preemption.rawValue
      machine.preemptionSource =
        !model.isEmpty
        ? "the header of the tracer"
        : release.contains("-rt")
          ? "the name of the release" : "the \(flagWidth) flag columns of a real-time kernel"
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
