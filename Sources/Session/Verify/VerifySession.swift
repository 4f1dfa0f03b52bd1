internal import Analysis
internal import Glibc
internal import Measurement
public import Report
internal import SystemPackage
internal import TraceModel
internal import Tracefs

/// Injects faults one after the other, measures each with tracing armed, and scores the reports.
public struct VerifySession {
  private let plan: VerifyPlan
  private let observer: VerifyObserver

  /// Memberwise.
  public init(_ plan: VerifyPlan, observer: VerifyObserver) {
    self.plan = plan
    self.observer = observer
  }

  /// What one measurement came to.
  private enum Attempt {
    case round(VerifyRow.Round)
    case other(String)
    case nothing
    case failed(String)
    case signal(Int32)
  }

  /// Does it, on the thread that becomes the control thread.
  ///
  /// - Throws: what keeps tracing from being armed or threads from being measured.
  public func run() throws(SessionError) -> VerifyReport {
    var signals = ControlSignals()
    let start = FactsCollector().start()
    var report = VerifyReport(
      tool: plan.version, kernel: start.machine.release, cpu: plan.cpu, rounds: plan.rounds)
    var facts = ReportFacts()
    facts.machine = start.machine
    let context = ContextCollector.context(of: facts)
    let machine = VerifyObstacle.Machine(
      cpus: plan.cpus, rtRuntime: start.tunables.rtRuntime, rtPeriod: start.tunables.rtPeriod,
      hasDeadlineServer: context.hasDeadlineServer == true, architecture: start.machine.architecture
    )
    for fault in plan.faults where report.signal == nil {
      var row = VerifyRow(fault: fault.rawValue, what: fault.what)
      row.obstacle = VerifyObstacle.text(fault, on: machine)
      if row.obstacle == nil {
        observer.begin(fault)
        report.signal = try measure(fault, &row, &signals, &report.leftovers)
      }
      observer.end(row)
      report.faults.append(row)
    }
    return report
  }

  /// Measures a fault until there are rounds enough; the signal that ended it early.
  private func measure(
    _ fault: VerifyFault, _ row: inout VerifyRow, _ signals: inout ControlSignals,
    _ leftovers: inout [String]
  ) throws(SessionError) -> Int32? {
    var misses = 0
    let limit = Run.now + Nanoseconds(Int64(30 + 20 * plan.rounds) * 1_000_000_000)
    while row.rounds.count < plan.rounds {
      if let signal = signals.pending(), signal != SIGUSR1 { return signal }
      guard Run.now < limit else {
        row.shortfall = row.otherSpikes > 0 ? Self.busyMachine : "timed out"
        return nil
      }
      switch try attempt(fault, &leftovers) {
      case .round(let round):
        misses = 0
        row.rounds.append(round)
        observer.round(fault, round)
      case .other(let headline):
        row.otherSpikes += 1
        observer.other(fault, headline)
        // A machine with this many spikes of other causes has to be looked at first.
        if row.otherSpikes >= 10 + 3 * plan.rounds {
          row.shortfall = Self.busyMachine
          return nil
        }
      case .nothing:
        misses += 1
        guard misses == 2 else { continue }
        row.shortfall =
          "no latency above \(fault.threshold.microseconds) us in "
          + "\(2 * fault.patience.count / 1_000_000_000) s"
        return nil
      case .failed(let reason):
        row.obstacle = row.rounds.isEmpty ? reason : nil
        row.shortfall = row.rounds.isEmpty ? nil : reason
        return nil
      case .signal(let signal):
        row.shortfall = "ended by a signal"
        return signal
      }
    }
    return nil
  }

  private static let busyMachine =
    "too many spikes had other causes; try again while nothing else runs"

  /// One measurement, until its first spike.
  private func attempt(
    _ fault: VerifyFault, _ leftovers: inout [String]
  ) throws(SessionError) -> Attempt {
    let injection = Injection(
      fault.faults(
        cpu: plan.cpu, other: plan.cpus.cpus.first { $0 != plan.cpu }, measured: getpid()))
    if fault.startsBefore { injection.start() }
    var measuring = SessionObserver()
    // When progress is reported for the first time, the threads measure.
    measuring.progress = { _ in injection.start() }
    measuring.remark = observer.remark
    let result = try MeasureSession(sessionPlan(fault), observer: measuring).run()
    let truth = injection.stop()
    leftovers += result.leftovers
    var kept = false
    defer {
      if !kept {
        for bundle in result.spikes.compactMap(\.bundle) { BundleContents.remove(bundle) }
      }
    }
    if case .signal(let signal) = result.end { return .signal(signal) }
    if let failure = injection.failure ?? result.failures.first { return .failed(failure) }
    guard let spike = result.spikes.first else { return .nothing }
    let judge = VerifyJudge(fault: fault, truth: truth)
    if let round = judge.round(VerifyJudge.Spike(spike.report), bundle: spike.bundle) {
      kept = true
      return .round(round)
    }
    return .other(spike.report.headline)
  }

  private func sessionPlan(_ fault: VerifyFault) -> SessionPlan {
    var measurement = MeasurementPlan(threads: [
      ThreadPlan(
        index: 0, affinity: CPUSet([plan.cpu]), policy: fault.policy,
        priority: fault.policy.isRealtime ? 80 : 0, interval: Nanoseconds(microseconds: 1_000))
    ])
    measurement.duration = fault.patience
    measurement.breakThreshold = fault.threshold
    measurement.lockMemory = fault != .pageFaults
    measurement.histogramBuckets = plan.outputDirectory == nil ? 0 : 1_000
    var session = SessionPlan(measurement, version: plan.version, commandLine: plan.commandLine)
    session.outputDirectory = plan.outputDirectory
    session.loadCommand = fault.what
    session.progressInterval = Nanoseconds(50_000_000)
    return session
  }
}

extension VerifyJudge.Spike {
  /// What the judge looks at of a report.
  init(_ report: SpikeReport) {
    let analysis = report.analysis
    let tid = analysis.sample.task.pid
    let fault = analysis.excerpt.lazy.compactMap(\.event).first { event in
      if case .pageFault = event.payload {
        event.pid == tid && event.time >= analysis.sample.expiry
      } else {
        false
      }
    }
    self.init(
      window: analysis.sample.window, culprit: analysis.culprit.culprit,
      name: analysis.culprit.name, confidence: analysis.culprit.confidence,
      fault: fault?.time,
      headline: report.headline
        + (analysis.trace.isComplete ? "" : "; the trace of the window is incomplete"))
  }
}
