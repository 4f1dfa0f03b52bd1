internal import Analysis
internal import CRealtime
internal import Glibc
internal import Measurement
internal import Report
internal import RingBuffer
internal import TraceModel
internal import Tracefs

/// From a hit to its report and its bundle.
extension Run {
  /// Whether the run goes on until its loops or its time are over, however many spikes there are.
  private var isCampaign: Bool {
    plan.spikes > 1 && (plan.measurement.loops > 0 || plan.measurement.duration != nil)
  }

  /// Takes a hit; true where it ends the run.
  mutating func take(_ hit: BreakHit) -> Bool {
    if result.hit == nil { result.hit = hit }
    guard let instance, let texts else {
      result.end = .hit
      return true
    }
    let isLast = !isCampaign && result.table.rows.count + 1 >= plan.spikes
    do throws(SessionError) {
      try take(hit, from: instance, texts, goesOn: !isLast)
    } catch {
      result.failures.append("\(error)")
      result.end = .hit
      return true
    }
    if isLast { result.end = .hit }
    return isLast
  }

  private mutating func take(
    _ hit: BreakHit, from instance: ArmedInstance, _ texts: TraceTexts, goesOn: Bool
  ) throws(SessionError) {
    let keeps =
      result.spikes.count < plan.spikes
      || result.spikes.contains { $0.hit.latency < hit.latency }
    var snapshot: Snapshot
    var traced: TracerResult
    var deadTime: Nanoseconds?
    do throws(TracefsError) {
      if goesOn, let swapped = try goOnWithSpare(instance, texts) {
        (snapshot, traced, deadTime) = (swapped.snapshot, swapped.traced, swapped.on - hit.wake)
      } else {
        snapshot = try Snapshot(instance, texts: texts, around: hit.expiry)
        traced = try readTracer()
        if goesOn {
          // Measuring is blind until tracing is on again: everything else can wait.
          if keeps, plan.outputDirectory != nil { try snapshot.complete(instance) }
          try restartTracer()
          try instance.restart()
          engine.rearm()
          deadTime = Self.now - hit.wake
        }
      }
    } catch {
      throw .arming(error)
    }
    if !goesOn { checkTracer() }
    // What a tracer of another kind recorded must not prove anything.
    if blindness != nil { traced.section = nil }
    if observers[hit.thread] == nil {
      observers[hit.thread] = ObserverCost.facts(
        engine.takeSelfTest(thread: hit.thread), markerWrite: markerWrite)
    }
    let report = try explain(hit, &snapshot, instance, texts, traced: traced)
    var spike = SessionResult.Spike(
      report: report, hit: hit, bundle: nil, deadTime: deadTime ?? (Self.now - hit.wake))
    observer.spike(report)
    if keeps, let directory = plan.outputDirectory {
      do throws(TracefsError) {
        if !goesOn { try snapshot.complete(instance) }
      } catch {
        throw .arming(error)
      }
      spike.bundle = try bundle(report, &snapshot, texts, directory)
    }
    if keeps { keep(spike) }
    result.table.add(
      report.analysis, time: hit.expiry - started, deadTime: deadTime,
      bundle: spike.bundle.map(Self.lastComponent))
  }

  /// Exchanges the buffers and measures on at once; reading is done afterwards.
  ///
  /// - Returns: nil where there is no spare buffer or the kernel would not exchange it: nothing has changed then.
  private func goOnWithSpare(
    _ instance: ArmedInstance, _ texts: TraceTexts
  ) throws(TracefsError) -> (
    snapshot: Snapshot, traced: TracerResult, on: Nanoseconds
  )? {
    guard instance.hasSpare else { return nil }
    let statistics = try instance.statistics()
    guard (try? instance.swapBuffers()) != nil else { return nil }
    let traced = try readTracer()
    try restartTracer()
    try instance.start()
    engine.rearm()
    let on = Self.now
    return (try Snapshot(spareOf: instance, texts: texts, statistics: statistics), traced, on)
  }

  /// Keeps the worst spikes; the bundle of one that is no longer among them is removed.
  private mutating func keep(_ spike: SessionResult.Spike) {
    result.spikes.append(spike)
    guard result.spikes.count > plan.spikes,
      let least = result.spikes.indices.min(by: {
        result.spikes[$0].hit.latency < result.spikes[$1].hit.latency
      })
    else { return }
    if let path = result.spikes.remove(at: least).bundle {
      BundleContents.remove(path)
      result.table.forget(bundle: Self.lastComponent(path))
    }
  }

  private mutating func explain(
    _ hit: BreakHit, _ snapshot: inout Snapshot, _ instance: ArmedInstance, _ texts: TraceTexts,
    traced: TracerResult
  ) throws(SessionError) -> SpikeReport {
    if let symbols { snapshot.symbols = symbols.current() }
    let explainer = try explainer(snapshot, texts)
    // The marker as it stands in the buffer, so that the file alone gives the same sample.
    let marker = explainer.markers(limit: 1).first ?? hit.marker
    var facts = collector.hit(
      marker.sample(comm: hit.comm), start: atStart, before: before, watch: steal,
      run: runFacts(hit),
      trace: snapshot.facts(instance, window: TimeSpan(marker.expiry, marker.wake)),
      observer: observers[hit.thread], ownThreads: ownThreads,
      otherTracing: otherTracing,
      attachments: plan.outputDirectory == nil ? [] : BundleContents.attachments)
    count(hit.usage, in: &facts)
    facts.tracerSection = traced.section
    let window = TimeSpan(marker.expiry, marker.wake)
    facts.context?.hardwareGaps = hardwareGaps(around: window)
    facts.context?.functionCalls = traced.functions.map { SideEvents.calls($0, in: window) }
    if let tracer = plan.tracer {
      facts.trace?.tracerWanted = tracer.name
      facts.trace?.tracerGot = self.section == nil ? nil : tracer.name
      facts.trace?.tracerOutcome = tracerOutcome(traced.section, window: window)
    }
    let analysis = explainer.explain(
      marker, context: facts.context?.context ?? SystemContext(), sections: facts.sections)
    if var escalation = plan.escalation {
      escalation.close(with: analysis)
      facts.escalation = escalation
    }
    return SpikeReport(analysis, facts: facts, toolVersion: plan.version)
  }

  private func explainer(
    _ snapshot: Snapshot, _ texts: TraceTexts
  ) throws(SessionError) -> SpikeExplainer {
    do throws(RingBufferError) {
      return try SpikeExplainer(
        snapshot.trace, schema: texts.schema, symbols: SymbolTable(sharing: snapshot.symbols))
    } catch {
      throw .decoding(error)
    }
  }

  private func bundle(
    _ report: SpikeReport, _ snapshot: inout Snapshot, _ texts: TraceTexts, _ directory: String
  ) throws(SessionError) -> String {
    snapshot.trace.symbols = try explainer(snapshot, texts).decoder.neededSymbols()
    let path = try BundleContents(
      report: report, snapshot: snapshot, statistics: engine.statistics(),
      uname: Self.uname(atStart.machine)
    ).write(in: directory)
    observer.bundle(path)
    return path
  }

  /// The thread's own counters over its recorded cycles; /proc lost them if it has ended.
  private func count(_ usage: ThreadUsage, in facts: inout ReportFacts) {
    facts.counters?.minorFaults = UInt64(clamping: usage.minorFaults)
    facts.counters?.majorFaults = UInt64(clamping: usage.majorFaults)
    facts.counters?.voluntarySwitches = UInt64(clamping: usage.voluntarySwitches)
    facts.counters?.involuntarySwitches = UInt64(clamping: usage.involuntarySwitches)
  }

  private static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func uname(_ machine: MachineFacts) -> String {
    [machine.system, machine.release, machine.version, machine.architecture]
      .compactMap { $0 }.joined(separator: " ")
  }

  /// Who else traces now.
  private var otherTracing: [String]? {
    tracing.flatMap {
      SurroundingsCollector.others(
        root: $0.root, run: $0.run, tracesFunctions: plan.tracer != nil, files: ControlFiles())
    }
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
      duration: hit.wake - started, spikes: UInt64(result.table.rows.count + 1),
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
}
