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

/// The state of a run between arming and its end.
struct Run {
  let plan: SessionPlan
  let observer: SessionObserver
  let engine: Engine
  let collector = FactsCollector()
  let counters = CounterCollector()
  let atStart: FactsCollector.Start
  let before: CounterSnapshot
  let tracing: TracingControl?
  let watchdog: Watchdog
  var instance: ArmedInstance?
  /// The instance of the latency tracer.
  var section: ArmedInstance?
  var result = SessionResult(end: .finished, statistics: [])
  var steal = StealWatch()
  /// The kernel's symbols, read before anything traces.
  var symbols: SymbolCache?
  /// What kept the tracer from seeing, nil where it sees or was not looked at yet.
  var blindness: String?
  var isTracerChecked = false
  /// Gaps that hwlat has reported so far: reading takes them out of its buffer.
  var gaps: [HardwareGap] = []
  /// What the armed instance says of its pages.
  var texts: TraceTexts?
  /// What a line in `trace_marker` costs, nil where nothing is armed.
  var markerWrite: Nanoseconds?
  /// What tracing costs the threads that had a spike, by their number.
  var observers: [Int: ObserverFacts] = [:]
  /// Spikes whose explanation has not begun, in order of time.
  var waiting: [CapturedSpike] = []
  /// When the host's pauses in the spikes so far ended.
  var pauseEnds: [Nanoseconds] = []
  /// Threads that explained spikes and have ended.
  var ended = EndedThreads()
  /// The spike that is being explained.
  var job: ExplanationJob?
  /// When tracing was last switched on.
  var tracingSince: Nanoseconds?
  private var lastSteal: Nanoseconds
  let started: Nanoseconds

  init(
    plan: SessionPlan, observer: SessionObserver, engine: Engine, facts: FactsCollector.Start,
    tracing: TracingControl?, watchdog: Watchdog
  ) {
    self.plan = plan
    self.observer = observer
    self.engine = engine
    self.tracing = tracing
    self.watchdog = watchdog
    atStart = facts
    before = tracing == nil ? CounterSnapshot() : counters.snapshot(threads: engine.tids)
    started = Self.now
    lastSteal = started
    steal.note(before.steal, bandwidth: before.bandwidth, at: started)
  }

  static var now: Nanoseconds { Nanoseconds(bt_clock(CLOCK_MONOTONIC)) }

  /// The threads that a cgroup's CPU bandwidth concerns: those without a real-time policy.
  private var bandwidthThreads: [Int32] {
    zip(plan.measurement.threads, engine.tids).filter { !$0.0.policy.isRealtime }.map(\.1)
  }

  // MARK: arming

  mutating func arm() throws(SessionError) {
    guard let tracing else { return }
    if let remark = tracing.guardianRemark { observer.remark(remark) }
    var arming = ArmingPlan.core(
      bufferKilobytes: plan.bufferKilobytes, tids: engine.tids, hasStack: plan.hasStack)
    arming.wantsSpare = plan.spikes > 1
    for name in plan.extraEvents {
      guard let event = EventName(name) else {
        throw .arming(
          TracefsError(
            .read, path: name,
            hint: "events are written system:name, for example sched:sched_switch"))
      }
      arming.events.append(ArmingPlan.Event(event, isRequired: true))
    }
    for (name, isOn) in plan.traceOptions.sorted(by: { $0.key < $1.key }) {
      arming.options.append(ArmingPlan.Option(name, isOn, isRequired: true))
    }
    // Before anything traces: who sees tracing on is to find the measurement begun.
    symbols = SymbolCache()
    // The tracer first: setting it patches code, which the events' buffer need not show.
    if let tracer = plan.tracer, let threshold = plan.measurement.breakThreshold {
      section = try tracing.arm(
        tracer, threshold: threshold, cpus: measuredCPUs, remark: observer.remark)
    }
    if section != nil, let tracer = plan.tracer {
      arming.events += tracer.events.map { ArmingPlan.Event($0) }
    }
    let armed = try tracing.arm(arming)
    instance = armed
    tracingSince = Self.now
    texts = try TraceTexts(armed)
    markerWrite = ObserverCost.markerWrite(armed.marker.rawValue)
    for item in armed.shortcomings
    where item.kind != .event && item.kind != .buffer && item.kind != .spare {
      observer.remark(
        "\(item.kind.rawValue) \(item.name): requested \(item.wanted), got \(item.got ?? "nothing")"
      )
    }
  }

  /// The CPUs of the threads, nil where one of them may run anywhere.
  var measuredCPUs: CPUSet? {
    let sets = plan.measurement.threads.compactMap(\.affinity)
    guard sets.count == plan.measurement.threads.count, !sets.isEmpty else { return nil }
    return CPUSet(sets.flatMap(\.cpus))
  }

  // MARK: measuring

  mutating func measure(_ signals: inout ControlSignals) {
    engine.begin(
      BreakDescriptors(
        marker: instance?.marker.rawValue ?? -1,
        tracingOn: [instance, plan.tracer?.stopsAtBreak == true ? section : nil]
          .compactMap { $0?.tracingSwitch.rawValue }))
    let begun = Self.now
    watchdog.expect(within: longestRun)
    var wakeUp = pollfd(fd: engine.wakeDescriptor, events: Int16(POLLIN), revents: 0)
    let interval = plan.progressInterval ?? Nanoseconds(100_000_000)
    var next = Self.now + interval
    while true {
      let left = max(0, min(100, (next - Self.now).count / 1_000_000 + 1))
      _ = poll(&wakeUp, 1, Int32(left))
      // In this order: a hit is the reason why the threads end, and must not be missed in between.
      let isFinished = engine.isFinished
      if let hit = engine.hit, take(hit) { break }
      if settle() { break }
      if isFinished || watchdog.hasFired { break }
      if let signal = signals.pending() ?? watchdog.takeSignal() {
        if signal != SIGUSR1 {
          result.end = .signal(signal)
          break
        }
        observer.summaryRequested(engine.statistics())
      }
      let now = Self.now
      // For reports alone: a run that only measures reads nothing meanwhile.
      if tracing != nil, now - lastSteal >= Nanoseconds(1_000_000_000) {
        lastSteal = now
        steal.note(
          counters.steal(), bandwidth: counters.bandwidth(of: bandwidthThreads), at: now)
      }
      if now >= next {
        next = now + interval
        streamSamples()
        if plan.progressInterval != nil { observer.progress(engine.statistics()) }
      }
    }
    watchdog.expect(within: Self.grace)
    engine.stop()
    // Giving locked memory back takes ms: who waits for the samples need not wait for that.
    streamSamples()
    engine.join()
    if watchdog.hasFired { result.failures += starvation(since: begun) }
    watchdog.expect(within: nil)
    settleAll()
  }

  /// What comes on top of a run's duration before it should be over.
  private static let grace = Nanoseconds(2_000_000_000)

  /// When the threads should have ended by themselves, nil where nothing limits them in time.
  private var longestRun: Nanoseconds? {
    guard let duration = plan.measurement.duration else { return nil }
    let interval = plan.measurement.threads.map(\.interval.count).max() ?? 0
    // The warm-up and the self-test come first, and the last cycle may begin right before the end.
    let (sum, overflow) = duration.count.addingReportingOverflow(
      Self.grace.count + interval + Int64(clamping: plan.measurement.warmupCycles + 2) * 200_000)
    return overflow ? nil : Nanoseconds(sum)
  }

  /// What is missing, and who ran.
  private func starvation(since begun: Nanoseconds) -> [String] {
    let elapsed = min(Self.now - begun, plan.measurement.duration ?? Nanoseconds(.max))
    let late = engine.statistics().compactMap { thread -> String? in
      let due = elapsed.count / max(1, thread.interval.count)
      let seen = Int64(clamping: thread.cycles) + Int64(clamping: thread.overruns)
      guard due > seen + due / 10 + 10 else { return nil }
      return "thread \(thread.index) did not run at the end, \(due - seen) of about \(due) wakeups "
        + "are missing and its maximum is unknown"
    }
    let who = watchdog.starvers
    return late + [
      "the run was ended by the watchdog"
        + (who.isEmpty
          ? ", because another task kept the threads from running"
          : ": \(who.joined(separator: ", ")); stop it first, or measure above it (-p)")
    ]
  }

  private func streamSamples() {
    guard plan.streamsSamples else { return }
    for thread in plan.measurement.threads.indices {
      var samples: [MeasuredSample] = []
      let lost = engine.drainSamples(thread: thread) { samples.append($0) }
      if !samples.isEmpty { observer.samples(thread, samples, lost) }
    }
  }

  // MARK: the end

  mutating func finish() -> SessionResult {
    streamSamples()
    result.statistics = engine.statistics()
    result.overflowCycles = plan.measurement.threads.indices.map {
      engine.overflowCycles(thread: $0)
    }
    result.failures += engine.failures().map { "\($0)" }
    // A run that had no late wakeup was not watched either if its tracer saw nothing.
    checkTracer()
    if let tracing { result.leftovers = tracing.end() }
    return result
  }
}
