import Glibc
import Measurement
import Report
import Session
import TraceModel

/// Prints what a run reports: the live view, samples, reports and the summary.
final class MeasurePrinter {
  private let options: CyclictestOptions
  private let dialect: Dialect
  private let plan: SessionPlan
  private let text: CyclictestText
  private var live: LiveView?
  private var reductions: [VerboseReduction]
  private var late: LateWakeups
  /// Lost values of each thread, as last reported.
  private var lost: [UInt64]
  private var pipe: StatisticsPipe?
  private let interrupts: SMICounter?
  private let started = WallClock.mailDate
  /// Whether standard output still has a reader.
  private var hasReader = true

  /// Makes a printer; opens what the options need beside standard output.
  init(options: CyclictestOptions, dialect: Dialect, plan: SessionPlan) throws(UsageError) {
    self.options = options
    self.dialect = dialect
    self.plan = plan
    let threads = plan.measurement.threads
    text = CyclictestText(nanoseconds: options.nanoseconds, sumColumn: options.histogramSum)
    reductions = threads.map { _ in
      VerboseReduction(factor: Int(clamping: options.oscilloscopeReduction))
    }
    lost = threads.map { _ in 0 }
    late = LateWakeups(
      threads: threads.count, interval: threads.first?.interval ?? .zero,
      spikeThreshold: options.spikeThreshold.map { Nanoseconds(microseconds: $0) },
      spikeLimit: Int(clamping: options.spikeNodes),
      overflowThreshold: options.overflowTimes == nil
        ? nil : options.histogram.map { Nanoseconds(microseconds: $0) },
      overflowLimit: Int(clamping: options.overflowTimes ?? 0))
    for path in [options.jsonFile, options.histogramFile].compactMap(\.self) {
      try TextFile.check(path)
    }
    if let path = options.fifo { pipe = try StatisticsPipe(path: path) }
    if options.countSMI {
      interrupts = try SMICounter(cpus: Set(threads.compactMap { $0.affinity?.cpus.first }))
    } else {
      interrupts = nil
    }
    let shows = !options.quiet && !options.verbose
    if shows, dialect == .cyclictest || Console.isTerminal {
      live = LiveView(
        policy: dialect == .cyclictest ? threads.first?.policy : nil,
        onlyMaxima: options.refreshOnMaximum)
    }
  }

  /// What is printed first.
  func begin() {
    guard dialect == .cyclictest else { return }
    var lines = ""
    if options.verbose {
      lines += "Max CPUs = \(sysconf(Int32(_SC_NPROCESSORS_CONF)))\n"
      lines += "Online CPUs = \(sysconf(Int32(_SC_NPROCESSORS_ONLN)))\n"
      let chosen = plan.measurement.threads.compactMap { $0.affinity?.cpus.first }
      if case .set? = options.affinity { lines += "Using \(Set(chosen).count) cpus.\n" }
    }
    if let value = plan.measurement.dmaLatency, access("/dev/cpu_dma_latency", W_OK) == 0 {
      lines += CyclictestText.dmaLatencyLine(microseconds: value)
    }
    if options.verbose {
      for thread in plan.measurement.threads {
        if case .set? = options.affinity, let cpu = thread.affinity?.cpus.first {
          lines += "Thread \(thread.index) using cpu \(cpu).\n"
        }
        lines += "Thread \(thread.index) Interval: \(thread.interval.microseconds)\n"
      }
    }
    output(lines)
  }

  var observer: SessionObserver {
    var observer = SessionObserver()
    observer.progress = { [self] in progress($0) }
    observer.samples = { [self] in samples(thread: $0, $1, lost: $2) }
    observer.spike = { [self] in spike($0) }
    observer.bundle = { Console.error("breaktrace: bundle \($0)") }
    observer.remark = { Console.error("breaktrace: \($0)") }
    observer.summaryRequested = { [self] in
      Console.error(String(text.status($0).dropLast()))
    }
    return observer
  }

  private func output(_ text: String) {
    guard hasReader, !text.isEmpty, !Console.output(text) else { return }
    hasReader = false
    // A full disk does not end the measurement: bundles may go elsewhere, and the exit status shows
    // it.
    guard Console.outputError == nil else { return }
    // SIGPIPE is blocked while tracing is armed: the run is asked to end as the signal would have
    // it.
    kill(getpid(), SIGTERM)
  }

  private func summary(_ threads: [ThreadStatistics]) -> String {
    interrupts == nil
      ? text.summary(threads) : text.summary(threads, interrupts: interruptCounts(threads))
  }

  private func interruptCounts(_ threads: [ThreadStatistics]) -> [UInt64] {
    threads.map { interrupts?.count(cpu: $0.cpu ?? -1) ?? 0 }
  }

  private func progress(_ threads: [ThreadStatistics]) {
    if live?.needsRefresh(threads) == true, let frame = live?.frame(summary(threads)) {
      output(frame)
    }
    pipe?.offer { summary(threads) }
  }

  private func samples(thread: Int, _ samples: [MeasuredSample], lost count: UInt64) {
    var lines = ""
    for sample in samples {
      // Warm-up cycles have the first numbers.
      let cycle = sample.sequence &- plan.measurement.warmupCycles
      late.add(thread: thread, sample)
      if options.verbose,
        let printed = reductions[thread].add(cycle: cycle, latency: sample.latency)
      {
        lines += text.verboseLine(thread: thread, cycle: printed.cycle, latency: printed.latency)
      }
    }
    output(lines)
    if count > lost[thread] {
      if lost[thread] == 0 {
        Console.error("breaktrace: thread \(thread): values are lost, the reader is too slow")
      }
      lost[thread] = count
    }
  }

  private func spike(_ report: SpikeReport) {
    clear()
    guard dialect == .breaktrace else {
      Console.error("breaktrace: \(report.headline)")
      return
    }
    if options.escalate, let step = report.facts.escalation?.steps.last {
      // The report of the step that decides is at the end.
      Console.error("breaktrace: step \(step.number), \(step.traced): \(report.headline)")
      return
    }
    if plan.spikes > 1 {
      // All of them are in the table at the end, the worst as a whole.
      Console.error("breaktrace: \(report.headline)")
      return
    }
    let format = OutputFormat(rawValue: options.format.rawValue) ?? .text
    do {
      output(try format.render([report]) + "\n")
    } catch {
      Console.error("breaktrace: \(error)")
    }
  }

  private func clear() {
    guard dialect == .breaktrace, let text = live?.clear() else { return }
    output(text)
  }

  // MARK: the end

  /// What is printed at the end; false where a file that was asked for could not be written.
  func finish(_ result: SessionResult, commandLine: String) -> Bool {
    for (thread, count) in lost.enumerated() where count > 0 {
      Console.error("breaktrace: thread \(thread): \(count) values lost")
    }
    if options.debug { debug(result) }
    let isWritten = writeFiles(result, commandLine: commandLine)
    clear()
    // A report in JSON is the only thing on standard output.
    if dialect == .breaktrace, options.format == .json, !result.spikes.isEmpty {
      printJSON(result)
      return isWritten
    }
    let statistics = result.statistics
    if options.verbose {
      if options.quiet, options.histogram == nil { output(summary(statistics)) }
    } else if dialect == .cyclictest, let frame = live?.frame(summary(statistics)) {
      output(frame)
    } else if options.histogram == nil || !options.quiet {
      output(summary(statistics))
    }
    output(text.spikes(late.spikes, count: late.spikeCount))
    if options.histogram != nil, options.histogramFile == nil { output(histogram(result)) }
    if let hit = result.hit {
      output(text.breakLines(tids: statistics.map(\.tid), thread: hit.tid, latency: hit.latency))
    } else if dialect == .cyclictest, options.breakThreshold != nil {
      let lines = text.breakLines(tids: statistics.map(\.tid), thread: 0, latency: .zero)
      output(String(lines.prefix { $0 != "\n" }) + "\n")
    }
    if options.escalate { printDecision(result) }
    if plan.spikes > 1, dialect == .breaktrace { printSpikes(result) }
    return isWritten
  }

  /// The report of the step that decided, which is the last one.
  private func printDecision(_ result: SessionResult) {
    guard let decided = result.spikes.last, options.format != .json else { return }
    let format = OutputFormat(rawValue: options.format.rawValue) ?? .text
    do {
      output("\n" + (try format.render([decided.report])) + "\n")
    } catch {
      Console.error("breaktrace: \(error)")
    }
  }

  /// The worst spike's report and the table of all.
  private func printSpikes(_ result: SessionResult) {
    guard let worst = result.spikes.max(by: { $0.hit.latency < $1.hit.latency }) else { return }
    switch options.format {
    case .markdown:
      output("\n" + worst.report.markdown + "\n" + MarkdownText.render(result.table.document))
    default: output("\n" + worst.report.text + "\n" + result.table.text)
    }
  }

  private func printJSON(_ result: SessionResult) {
    guard plan.spikes > 1 || options.escalate else { return }
    do {
      let reports = options.escalate ? result.spikes.suffix(1) : result.spikes[...]
      output(try JSONReport.render(reports.map(\.report)) + "\n")
    } catch {
      Console.error("breaktrace: \(error)")
    }
  }

  private func histogram(_ result: SessionResult) -> String {
    var histogram = text.histogram(
      result.statistics, overflowCycles: result.overflowCycles)
    // What is ours, or counted outside, comes before the blank line at the end.
    var more = ""
    if options.overflowTimes != nil {
      more += text.overflowTimes(
        late.overflows, counts: result.statistics.map(\.overflows), start: late.start)
    }
    if interrupts != nil {
      more += CyclictestText.interruptLine(interruptCounts(result.statistics))
    }
    if !more.isEmpty { histogram = histogram.dropLast() + more + "\n" }
    return histogram
  }

  private func writeFiles(_ result: SessionResult, commandLine: String) -> Bool {
    var isWritten = true
    func write(_ text: String, _ path: String?) {
      guard let path else { return }
      do throws(UsageError) {
        try TextFile.write(text, to: path)
      } catch {
        isWritten = false
        Console.error("\(dialect.command): \(error)")
      }
    }
    if options.jsonFile != nil {
      write(json(result, commandLine: commandLine), options.jsonFile)
    }
    if options.histogram != nil, options.histogramFile != nil {
      write(histogram(result), options.histogramFile)
    }
    return isWritten
  }

  private func json(_ result: SessionResult, commandLine: String) -> String {
    let machine = FactsCollector().start().machine
    let nodes = NUMANodes()
    return CyclictestJSON(
      commandLine: commandLine, version: Version.cyclictest, start: started,
      end: WallClock.mailDate, status: 0,
      system: [
        machine.system ?? "Linux", SystemFiles().line("/proc/sys/kernel/hostname") ?? "",
        machine.release ?? "", machine.version ?? "", machine.architecture ?? "",
      ], isRealtime: SystemFiles().line("/sys/kernel/realtime") == "1",
      nanoseconds: options.nanoseconds, threads: result.statistics,
      nodes: result.statistics.map { $0.cpu.flatMap { nodes.node(of: $0) } ?? -1 }
    ).text
  }

  private func debug(_ result: SessionResult) {
    Console.error("INFO: ended: \(result.end)")
    for thread in result.statistics {
      Console.error(
        "INFO: thread \(thread.index): tid \(thread.tid), policy \(thread.policy.rawValue), "
          + "priority \(thread.priority), cpu \(thread.cpu.map(String.init) ?? "any"), "
          + "cycles \(thread.cycles), early \(thread.early), overruns \(thread.overruns)")
    }
  }
}
