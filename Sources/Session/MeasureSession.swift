internal import Analysis
internal import CRealtime
internal import Glibc
internal import Measurement
internal import Report
internal import RingBuffer
internal import SystemPackage
internal import TraceFile
internal import TraceModel
internal import Tracefs

/// One run: measures, and with a threshold keeps tracing armed, takes the break, explains it, and
/// leaves nothing behind.
///
/// `run()` is called once, on the thread that becomes the control thread.
public struct MeasureSession {
  private let plan: SessionPlan
  private let observer: SessionObserver

  /// Memberwise.
  public init(_ plan: SessionPlan, observer: SessionObserver) {
    self.plan = plan
    self.observer = observer
  }

  /// Does the run.
  ///
  /// - Throws: what kept it from measuring or arming; everything is as before then.
  public func run() throws(SessionError) -> SessionResult {
    var signals = ControlSignals()
    if plan.arms, let directory = plan.outputDirectory {
      // A directory that cannot take the bundle is better known now than after a night's run.
      try OutputDirectory.prepare(directory)
    }
    let tracing: TracingControl? = plan.arms ? try TracingControl() : nil
    // Machine and settings are for reports: a run that only measures starts without them.
    let facts = plan.arms ? FactsCollector().start() : .none
    let engine = Engine(plan: measurementPlan)
    let watchdog = Watchdog(engine, helper: tracing?.guardianPID ?? 0)
    let isNested = signals.isNested
    defer { watchdog.end(raisesAgain: isNested) }
    watchdog.expect(within: Self.longestSetup)
    do throws(MeasurementError) {
      try engine.prepare()
    } catch {
      _ = tracing?.end()
      throw .measurement(watchdog.hasFired ? Self.starved(watchdog) : error)
    }
    if watchdog.hasFired {
      engine.stop()
      engine.join()
      _ = tracing?.end()
      throw .measurement(Self.starved(watchdog))
    }
    watchdog.expect(within: Self.longestArming)
    for remark in engine.remarks { observer.remark("\(remark)") }
    moveControlThread()
    do {
      var run = Run(
        plan: plan, observer: observer, engine: engine, facts: facts, tracing: tracing,
        watchdog: watchdog)
      try run.arm()
      run.measure(&signals)
      return run.finish()
    } catch {
      engine.stop()
      engine.join()
      _ = tracing?.end()
      throw error
    }
  }

  /// How long the threads' setting up, and arming, may take before something must keep this process
  /// from the CPU.
  private static let longestSetup = Nanoseconds(5_000_000_000)
  private static let longestArming = Nanoseconds(20_000_000_000)

  private static func starved(_ watchdog: Watchdog) -> MeasurementError {
    let who = watchdog.starvers.joined(separator: ", ")
    return MeasurementError(
      operation: "start measuring", subject: "threads",
      hint: who.isEmpty
        ? "they got no CPU, a task of higher priority may run there; measure above it (-p)"
        : "they got no CPU, \(who); stop it, or measure above it (-p)")
  }

  private var measurementPlan: MeasurementPlan {
    var measurement = plan.measurement
    if plan.streamsSamples, measurement.sampleCapacity == 0 { measurement.sampleCapacity = 1 << 16 }
    if plan.arms, plan.spikes > 1 { measurement.afterHit = .goOn }
    if plan.arms { measurement.selfTestCycles = ObserverCost.cycles }
    return measurement
  }

  /// Keeps this thread off the measured CPUs where there are others.
  private func moveControlThread() {
    let measured = plan.measurement.threads.compactMap(\.affinity)
    var wanted = plan.mainAffinity
    if wanted == nil, measured.count == plan.measurement.threads.count {
      let busy = Set(measured.flatMap(\.cpus))
      let online = ProcText.read("/sys/devices/system/cpu/online").flatMap { CPUSet(list: $0) }
      let free = CPUSet((online?.cpus ?? []).filter { !busy.contains($0) })
      if !free.isEmpty { wanted = free }
    }
    guard let wanted, !wanted.isEmpty else { return }
    let numbers = wanted.cpus.map(Int32.init(truncatingIfNeeded:))
    let result = bt_set_affinity(numbers, numbers.count)
    if result != 0 {
      observer.remark(
        "main thread: cannot run on CPU \(wanted.list): \(Errno(rawValue: result))")
    }
  }
}
