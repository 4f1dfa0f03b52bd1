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
  private let collector = FactsCollector()
  private let counters = CounterCollector()
  private let atStart: FactsCollector.Start
  private let before: CounterSnapshot
  let tracing: TracingControl?
  private var instance: ArmedInstance?
  private var result = SessionResult(end: .finished, statistics: [])
  private var steal = StealWatch()
  private var lastSteal: Nanoseconds
  private let started: Nanoseconds

  init(
    plan: SessionPlan, observer: SessionObserver, engine: Engine, facts: FactsCollector.Start,
    tracing: TracingControl?
  ) {
    self.plan = plan
    self.observer = observer
    self.engine = engine
    self.tracing = tracing
    atStart = facts
    before = counters.snapshot(threads: engine.tids)
    started = Self.now
    lastSteal = started
    steal.note(before.steal, at: started)
  }

  static var now: Nanoseconds { Nanoseconds(bt_clock(CLOCK_MONOTONIC)) }

  // MARK: arming

  mutating func arm() throws(SessionError) {
    guard let tracing else { return }
    if let remark = tracing.guardianRemark { observer.remark(remark) }
    var arming = ArmingPlan.core(
      bufferKilobytes: plan.bufferKilobytes, tids: engine.tids, hasStack: plan.hasStack)
    for name in plan.extraEvents {
      guard let event = EventName(name) else {
        throw .arming(
          TracefsError(
            .read, path: name, hint: "an event is written system:name, as in sched:sched_switch"))
      }
      arming.events.append(ArmingPlan.Event(event, isRequired: true))
    }
    let armed = try tracing.arm(arming)
    instance = armed
    for item in armed.shortcomings where item.kind != .event && item.kind != .buffer {
      observer.remark(
        "\(item.kind.rawValue) \(item.name): wanted \(item.wanted), got \(item.got ?? "nothing")")
    }
  }

  // MARK: measuring

  mutating func measure(_ signals: inout ControlSignals) {
    engine.begin(
      BreakDescriptors(
        marker: instance?.marker.rawValue ?? -1,
        tracingOn: instance.map { [$0.tracingSwitch.rawValue] } ?? []))
    var waiting = pollfd(fd: engine.wakeDescriptor, events: Int16(POLLIN), revents: 0)
    let interval = plan.progressInterval ?? Nanoseconds(100_000_000)
    var next = Self.now + interval
    while true {
      let left = max(0, min(100, (next - Self.now).count / 1_000_000 + 1))
      _ = poll(&waiting, 1, Int32(left))
      if let hit = engine.hit, take(hit) { break }
      if engine.isFinished { break }
      if let signal = signals.pending() {
        if signal != SIGUSR1 {
          result.end = .signal(signal)
          break
        }
        observer.summaryRequested(engine.statistics())
      }
      let now = Self.now
      if now - lastSteal >= Nanoseconds(1_000_000_000) {
        lastSteal = now
        steal.note(counters.steal(), at: now)
      }
      if now >= next {
        next = now + interval
        streamSamples()
        if plan.progressInterval != nil { observer.progress(engine.statistics()) }
      }
    }
    engine.stop()
    engine.join()
  }

  private func streamSamples() {
    guard plan.streamsSamples else { return }
    for thread in plan.measurement.threads.indices {
      var samples: [MeasuredSample] = []
      let lost = engine.drainSamples(thread: thread) { samples.append($0) }
      if !samples.isEmpty { observer.samples(thread, samples, lost) }
    }
  }

  /// Takes a hit; true where it ends the run.
  private mutating func take(_ hit: BreakHit) -> Bool {
    if result.hit == nil { result.hit = hit }
    guard let instance else {
      result.end = .hit
      return true
    }
    let off = hit.wake
    do {
      var spike = try explain(hit, instance)
      let isLast = result.spikes.count + 1 >= plan.spikes
      if !isLast {
        try instance.restart()
        engine.rearm()
        spike.deadTime = Self.now - off
      }
      result.spikes.append(spike)
      if isLast {
        result.end = .hit
        return true
      }
      return engine.isFinished
    } catch {
      result.failures.append("\(error)")
      result.end = .hit
      return true
    }
  }

  private func explain(_ hit: BreakHit, _ instance: ArmedInstance) throws(SessionError)
    -> SessionResult.Spike
  {
    var snapshot: Snapshot
    do throws(TracefsError) {
      snapshot = try Snapshot(instance)
    } catch {
      throw .arming(error)
    }
    let explainer: SpikeExplainer
    do throws(RingBufferError) {
      explainer = try SpikeExplainer(snapshot.trace)
    } catch {
      throw .decoding(error)
    }
    // The marker as it stands in the buffer, so that the file alone gives the same sample.
    let marker = explainer.markers(limit: 1).first ?? hit.marker
    var facts = collector.hit(
      marker.sample(comm: hit.comm), start: atStart, before: before, watch: steal,
      run: runFacts(hit), trace: snapshot.facts(instance), observer: nil, ownThreads: ownThreads,
      attachments: plan.outputDirectory == nil ? [] : BundleContents.attachments)
    count(hit.usage, in: &facts)
    let analysis = explainer.explain(marker, context: facts.context?.context ?? SystemContext())
    let report = SpikeReport(analysis, facts: facts, toolVersion: plan.version)
    observer.spike(report)
    var bundle: String?
    if let directory = plan.outputDirectory {
      snapshot.trace.symbols = explainer.decoder.neededSymbols()
      bundle = try BundleContents(
        report: report, snapshot: snapshot, statistics: engine.statistics(),
        uname: Self.uname(atStart.machine)
      ).write(in: directory)
    }
    if let bundle { observer.bundle(bundle) }
    return SessionResult.Spike(
      report: report, hit: hit, bundle: bundle, deadTime: Self.now - hit.wake)
  }

  /// The thread's own counters over its recorded cycles; /proc lost them if it has ended.
  private func count(_ usage: ThreadUsage, in facts: inout ReportFacts) {
    facts.counters?.minorFaults = UInt64(clamping: usage.minorFaults)
    facts.counters?.majorFaults = UInt64(clamping: usage.majorFaults)
    facts.counters?.voluntarySwitches = UInt64(clamping: usage.voluntarySwitches)
    facts.counters?.involuntarySwitches = UInt64(clamping: usage.involuntarySwitches)
  }

  private static func uname(_ machine: MachineFacts) -> String {
    [machine.system, machine.release, machine.version, machine.architecture]
      .compactMap { $0 }.joined(separator: " ")
  }

  private var ownThreads: [Int32] {
    let measuring = Set(engine.tids)
    let all = (try? ControlFiles().list("/proc/self/task"))?.compactMap { Int32($0) } ?? []
    return all.filter { !measuring.contains($0) }
  }

  private func runFacts(_ hit: BreakHit) -> RunFacts {
    RunFacts(
      version: plan.version, commandLine: plan.commandLine, loadCommand: plan.loadCommand,
      started: Self.utc(realtime: bt_clock(CLOCK_REALTIME) - (Self.now - started).count),
      interval: plan.measurement.threads.first?.interval,
      threshold: plan.measurement.breakThreshold, threads: engine.statistics(),
      duration: hit.wake - started, spikes: UInt64(result.spikes.count + 1),
      histogramFile: plan.outputDirectory == nil ? nil : BundleContents.histogram,
      dmaLatencyHeld: plan.measurement.dmaLatency.map { Nanoseconds(microseconds: Int64($0)) })
  }

  /// A time of CLOCK_REALTIME as ISO 8601 in UTC.
  private static func utc(realtime: Int64) -> String {
    var seconds = time_t(realtime / 1_000_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }

  // MARK: the end

  mutating func finish() -> SessionResult {
    streamSamples()
    result.statistics = engine.statistics()
    result.overflowCycles = plan.measurement.threads.indices.map {
      engine.overflowCycles(thread: $0)
    }
    result.failures += engine.failures().map { "\($0)" }
    if let tracing { result.leftovers = tracing.end() }
    return result
  }
}
