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
    case other(String, Nanoseconds)
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
      hasDeadlineServer: context.hasDeadlineServer == true,
      architecture: start.machine.architecture, isRT: context.preemption == .rt,
      pageHold: PageHold.obstacle())
    var pace = Pace(isRT: context.preemption == .rt)
    report.signal = try calibrate(&pace, &signals, &report.leftovers)
    if pace.scale.threshold > VerifyScale.least {
      observer.remark(
        "wakeups are late here without any fault, so faults of "
          + "\(pace.scale.busy.microseconds / 1_000) ms are injected, and latencies above "
          + "\(pace.scale.threshold.microseconds) us are checked")
    }
    for fault in plan.faults where report.signal == nil {
      var row = VerifyRow(fault: fault.rawValue, what: fault.what)
      row.obstacle = VerifyObstacle.text(fault, on: machine)
      if row.obstacle == nil {
        observer.begin(fault)
        report.signal = try measure(fault, &row, &pace, &signals, &report.leftovers)
      }
      observer.end(row)
      report.faults.append(row)
    }
    return report
  }

  /// What is known of the machine besides what is in the way.
  private struct Pace {
    var isRT: Bool
    var scale = VerifyScale()
  }

  /// Measures a second of undisturbed wakeups; the signal that ended it.
  private func calibrate(
    _ pace: inout Pace, _ signals: inout ControlSignals, _ leftovers: inout [String]
  ) throws(SessionError) -> Int32? {
    if let signal = signals.pending(), signal != SIGUSR1 { return signal }
    guard plan.faults.contains(where: { $0.threshold(VerifyScale()) == VerifyScale.least }) else {
      return nil
    }
    var quiet = sessionPlan(.hogAbove, pace.scale)
    quiet.outputDirectory = nil
    quiet.measurement.duration = Nanoseconds(1_000_000_000)
    quiet.measurement.breakThreshold = Nanoseconds(10_000_000_000)
    var measuring = SessionObserver()
    measuring.remark = observer.remark
    let result = try MeasureSession(quiet, observer: measuring).run()
    leftovers += result.leftovers
    if case .signal(let signal) = result.end { return signal }
    if let worst = result.statistics.map(\.maximum).max() { pace.scale.note(undisturbed: worst) }
    return nil
  }

  /// Measures a fault until there are rounds enough; the signal that ended it early.
  private func measure(
    _ fault: VerifyFault, _ row: inout VerifyRow, _ pace: inout Pace,
    _ signals: inout ControlSignals, _ leftovers: inout [String]
  ) throws(SessionError) -> Int32? {
    var misses = 0
    let limit = Run.now + Nanoseconds(Int64(30 + 20 * plan.rounds) * 1_000_000_000)
    while row.rounds.count < plan.rounds {
      if let signal = signals.pending(), signal != SIGUSR1 { return signal }
      guard Run.now < limit else {
        row.shortfall = row.otherSpikes > 0 ? Self.busyMachine : "timed out"
        return nil
      }
      switch try attempt(fault, pace, &leftovers) {
      case .round(let round):
        misses = 0
        row.rounds.append(round)
        observer.round(fault, round)
      case .other(let headline, let latency):
        row.otherSpikes += 1
        pace.scale.note(other: latency)
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
          "no latency above \(fault.threshold(pace.scale).microseconds) us in "
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
    _ fault: VerifyFault, _ pace: Pace, _ leftovers: inout [String]
  ) throws(SessionError) -> Attempt {
    let injection = Injection(
      fault.faults(
        cpu: plan.cpu, other: plan.cpus.cpus.first { $0 != plan.cpu }, scale: pace.scale),
      pages: fault == .pageFaults ? pace.scale : nil)
    if fault.startsBefore { injection.start() }
    var measuring = SessionObserver()
    // When progress is reported for the first time, the threads measure.
    measuring.progress = { threads in injection.start(measured: threads.first?.tid ?? 0) }
    measuring.remark = observer.remark
    let result = try MeasureSession(sessionPlan(fault, pace.scale), observer: measuring).run()
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
    let judge = VerifyJudge(fault: fault, truth: truth, isRT: pace.isRT)
    if let round = judge.round(VerifyJudge.Spike(spike.report), bundle: spike.bundle) {
      kept = true
      return .round(round)
    }
    return .other(spike.report.headline, spike.report.analysis.sample.latency)
  }

  private func sessionPlan(_ fault: VerifyFault, _ scale: VerifyScale) -> SessionPlan {
    var measurement = MeasurementPlan(threads: [
      ThreadPlan(
        index: 0, affinity: CPUSet([plan.cpu]), policy: fault.policy,
        priority: fault.policy.isRealtime ? 80 : 0, interval: Nanoseconds(microseconds: 1_000))
    ])
    measurement.duration = fault.patience
    measurement.breakThreshold = fault.threshold(scale)
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
    self.init(
      window: analysis.sample.window, culprit: analysis.culprit.culprit,
      name: analysis.culprit.name, confidence: analysis.culprit.confidence,
      interruptDelay: analysis.times.interruptDelay,
      headline: report.headline
        + (analysis.trace.isComplete ? "" : "; the trace of the window is incomplete"))
  }
}
