internal import Analysis
internal import CRealtime
internal import Glibc
internal import Measurement
internal import Recorded
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

  /// Spikes that wait for their explanation, at most, and the bytes of their buffers where there
  /// are several: all of that is held in memory.
  private static let mostWaiting = 4
  private static let mostBytesWaiting = 256 << 20

  /// Takes a hit; true where it ends the run.
  mutating func take(_ hit: BreakHit) -> Bool {
    if result.hit == nil { result.hit = hit }
    guard let instance, let texts else {
      result.end = .hit
      return true
    }
    let isLast = !isCampaign && taken + 1 >= plan.spikes
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

  /// Spikes so far, those that are not explained yet among them.
  private var taken: Int { result.table.rows.count + waiting.count + (job == nil ? 0 : 1) }

  /// Takes what has been explained meanwhile and starts with the next; true where an error ends the
  /// run.
  mutating func settle() -> Bool {
    do throws(SessionError) {
      while job?.isDone ?? !waiting.isEmpty { try advance() }
      return false
    } catch {
      result.failures.append("\(error)")
      result.end = .hit
      return true
    }
  }

  /// Waits until all spikes are explained.
  mutating func settleAll() {
    do throws(SessionError) {
      while job != nil || !waiting.isEmpty { try advance() }
    } catch {
      result.failures.append("\(error)")
    }
  }

  /// Waits for the spike that is being explained, if there is one, and starts with the next.
  private mutating func advance() throws(SessionError) {
    if let done = job {
      job = nil
      defer { if let tid = done.tid { ended.note(tid, at: Self.now) } }
      let explained = try done.wait()
      observer.spike(explained.report)
      if let path = explained.bundle { observer.bundle(path) }
      add(done.captured, explained)
    }
    if !waiting.isEmpty {
      let next = waiting.removeFirst()
      job = ExplanationJob(next, directory: keeps(next.hit) ? plan.outputDirectory : nil)
    }
  }

  private func hasRoom(for captured: CapturedSpike) -> Bool {
    waiting.count < Self.mostWaiting
      && waiting.reduce(captured.byteCount) { $0 + $1.byteCount } <= Self.mostBytesWaiting
  }

  /// Whether a spike is among the worst ones so far.
  private func keeps(_ hit: BreakHit) -> Bool {
    result.spikes.count < plan.spikes || result.spikes.contains { $0.hit.latency < hit.latency }
  }

  private mutating func take(
    _ hit: BreakHit, from instance: ArmedInstance, _ texts: TraceTexts, goesOn: Bool
  ) throws(SessionError) {
    // Nothing is measured any more at the last one: its report need not wait for the load.
    var raised = goesOn ? nil : RaisedPriority()
    var snapshot: Snapshot
    var traced: TracerResult
    var deadTime: Nanoseconds?
    let since = tracingSince
    do throws(TracefsError) {
      if goesOn, let swapped = try goOnWithSpare(instance, texts) {
        (snapshot, traced, deadTime) = (swapped.snapshot, swapped.traced, swapped.on - hit.wake)
        tracingSince = swapped.on
      } else {
        snapshot = try Snapshot(instance, texts: texts, around: hit.expiry)
        traced = try readTracer()
        if goesOn {
          // Measuring is blind until tracing is on again: everything else can wait.
          if keeps(hit), plan.outputDirectory != nil { try snapshot.complete(instance) }
          try restartTracer()
          try instance.restart()
          engine.rearm()
          let on = Self.now
          tracingSince = on
          deadTime = on - hit.wake
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
    var captured = try capture(hit, snapshot, instance, texts, traced: traced)
    captured.deadTime = deadTime
    captured.facts.context?.pauseEnds = pauseEnds.isEmpty ? nil : pauseEnds.suffix(64)
    captured.facts.context?.tracingSince = since
    captured.facts.context?.hasOverrun = captured.facts.trace?.cpus.contains { $0.overrun > 0 }
    if goesOn {
      while !waiting.isEmpty, !hasRoom(for: captured) { try advance() }
      waiting.append(captured)
      return
    }
    // The last one: nothing else is to be taken, and its buffers are still to be read.
    while job != nil || !waiting.isEmpty { try advance() }
    var explained = CapturedSpike.Explained(report: try captured.explain())
    observer.spike(explained.report)
    _ = raised.take()
    if keeps(hit), let directory = plan.outputDirectory {
      do throws(TracefsError) {
        try captured.snapshot.complete(instance)
      } catch {
        throw .arming(error)
      }
      explained.bundle = try captured.bundle(explained.report, in: directory)
      if let path = explained.bundle { observer.bundle(path) }
    }
    add(captured, explained)
  }

  /// Puts an explained spike into the result.
  private mutating func add(_ captured: CapturedSpike, _ explained: CapturedSpike.Explained) {
    let analysis = explained.report.analysis
    for finding in [analysis.culprit] + analysis.contributors
    where finding.culprit == .hypervisor {
      pauseEnds += finding.spans.map(\.end)
    }
    if keeps(captured.hit) {
      keep(
        SessionResult.Spike(
          report: explained.report, hit: captured.hit, bundle: explained.bundle,
          deadTime: captured.deadTime ?? (Self.now - captured.hit.wake)))
    }
    result.table.add(
      explained.report.analysis, time: captured.hit.expiry - started, deadTime: captured.deadTime,
      bundle: explained.bundle.map(Self.lastComponent))
  }

  /// Exchanges the buffers and measures on at once; reading is done afterwards.
  ///
  /// - Returns: nil, with nothing changed, if there is no spare buffer or the kernel does not
  ///   exchange it.
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

  /// What is to be known of a hit: machine and threads as they are now, but for the tool's own.
  private mutating func capture(
    _ hit: BreakHit, _ snapshot: Snapshot, _ instance: ArmedInstance, _ texts: TraceTexts,
    traced: TracerResult
  ) throws(SessionError) -> CapturedSpike {
    var snapshot = snapshot
    if let symbols { snapshot.symbols = symbols.current() }
    let explainer = try CapturedSpike.explainer(snapshot, texts.schema)
    let marker = explainer.markers(limit: 1).first ?? hit.marker
    let window = TimeSpan(marker.expiry, marker.wake)
    var facts = collector.hit(
      marker.sample(comm: hit.comm), start: atStart, before: before, watch: steal,
      run: runFacts(hit), trace: snapshot.facts(instance, window: window),
      observer: observers[hit.thread], ownThreads: ownThreads(in: hit),
      otherTracing: otherTracing,
      attachments: plan.outputDirectory == nil ? [] : BundleContents.attachments)
    count(hit.usage, in: &facts)
    // Neither this thread, while it is raised, nor the watchdog is a rival of anybody.
    let own = Set(ownThreads(in: hit))
    facts.rtThreads?.removeAll { own.contains($0.tid) }
    facts.tracerSection = traced.section
    facts.context?.hardwareGaps = hardwareGaps(around: window)
    facts.context?.functionCalls = traced.functions.map { SideEvents.calls($0, in: window) }
    if let tracer = plan.tracer {
      facts.trace?.tracerWanted = tracer.name
      facts.trace?.tracerGot = self.section == nil ? nil : tracer.name
      facts.trace?.tracerOutcome = tracerOutcome(traced.section, window: window)
    }
    return CapturedSpike(
      hit: hit, marker: marker, snapshot: snapshot, schema: texts.schema, facts: facts,
      escalation: plan.escalation, version: plan.version, statistics: engine.statistics(),
      uname: Self.uname(atStart.machine))
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

  /// The threads that do not measure, those that explained earlier spikes and ended in this one's
  /// window, and the guardian.
  private func ownThreads(in hit: BreakHit) -> [Int32] {
    let measuring = Set(engine.tids)
    let all = (try? ControlFiles().list("/proc/self/task"))?.compactMap { Int32($0) } ?? []
    // An ended thread's id that is there again belongs to somebody else.
    let past = (ended.since(hit.expiry) + [job?.tid].compactMap(\.self)).filter {
      access("/proc/\($0)/stat", F_OK) != 0
    }
    var own = Set(all).union(past)
    if let guardian = tracing?.guardianPID { own.insert(guardian) }
    return own.subtracting(measuring).sorted()
  }

  private func runFacts(_ hit: BreakHit) -> RunFacts {
    RunFacts(
      version: plan.version, commandLine: plan.commandLine, loadCommand: plan.loadCommand,
      started: Self.utc(realtime: bt_clock(CLOCK_REALTIME) - (Self.now - started).count),
      interval: plan.measurement.threads.first?.interval,
      threshold: plan.measurement.breakThreshold, threads: engine.statistics(),
      duration: hit.wake - started, spikes: UInt64(taken + 1),
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
