internal import Analysis
public import Report
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// What `analyze` found in a trace.
public struct TraceVerdicts: Sendable {
  /// The reports, in order of time or, for a search, worst first.
  public var reports: [SpikeReport] = []
  /// The searches that were made, one a buffer or section that has the events for it.
  public var table: WakeupTable?
  /// What was done and why, one line each.
  public var remarks: [String] = []
  /// What a trace without times says by its order alone, one sentence each.
  public var order: [String] = []
  /// All that is late, where the trace was searched for it.
  public var late: LatenessList?
}

extension RecordedTrace {
  /// Explains what the request asks for; what was not found is said in the remarks.
  public func analyze(_ request: AnalyzeRequest, toolVersion: String) -> TraceVerdicts {
    var verdicts = TraceVerdicts()
    let wanted = sources.filter { request.instance == nil || request.instance == $0.name }
    guard !wanted.isEmpty else {
      let names = instances.map { $0.isEmpty ? "the top-level buffer" : $0 }.joined(separator: ", ")
      verdicts.remarks.append(
        "no buffer of that name contains events; use one of \(names)")
      return verdicts
    }
    if let time = request.time {
      around(time, request, wanted, toolVersion, &verdicts)
      return verdicts
    }
    if request.wantsList {
      lateness(request, wanted, toolVersion, &verdicts)
      return verdicts
    }
    if request.threshold == nil {
      for source in wanted {
        verdicts.reports += breaks(request, source, toolVersion, &verdicts.remarks)
      }
      if !verdicts.reports.isEmpty {
        if !request.all, verdicts.reports.count > 1 {
          // Several buffers: the last break of them all.
          let last = verdicts.reports.max { $0.analysis.sample.wake < $1.analysis.sample.wake }
          verdicts.reports = last.map { [$0] } ?? []
        }
        return verdicts
      }
    }
    if request.task == nil {
      for source in wanted {
        if let report = tracerReport(source, request, toolVersion) {
          verdicts.reports.append(report)
        }
      }
      if !verdicts.reports.isEmpty { return verdicts }
      marked(request, wanted, toolVersion, &verdicts)
      if !verdicts.reports.isEmpty { return verdicts }
      if request.threshold == nil, !request.all {
        lateness(request, wanted, toolVersion, &verdicts)
        if !verdicts.reports.isEmpty || !verdicts.order.isEmpty || verdicts.late?.hasWaits == true {
          return verdicts
        }
        verdicts = TraceVerdicts()
      }
    }
    search(request, wanted, toolVersion, &verdicts)
    // A task's own wakeups say more than marks of them.
    if request.task != nil, verdicts.reports.isEmpty, verdicts.table?.search.wakeups ?? 0 == 0 {
      marked(request, wanted, toolVersion, &verdicts)
      if !verdicts.reports.isEmpty { verdicts.table = nil }
    }
    return verdicts
  }

  /// The wakeups that a histogram's synthetic events mark, the longest first.
  private func marked(
    _ request: AnalyzeRequest, _ sources: [TraceSource], _ version: String,
    _ verdicts: inout TraceVerdicts
  ) {
    let limit = request.all ? max(request.limit, 1) : 1
    let found = sources.flatMap { source in
      MarkedWakeup.all(
        in: source, task: request.task, threshold: request.threshold, limit: limit
      ).map { ($0, source) }
    }.sorted { $0.0.length > $1.0.length }
    verdicts.reports += found.prefix(limit).map { report($0.0.derived, $0.1, version) }
  }

  /// The wakeups that measuring programs marked.
  private func breaks(
    _ request: AnalyzeRequest, _ source: TraceSource, _ version: String, _ remarks: inout [String]
  ) -> [SpikeReport] {
    let limit = request.all ? Int.max : 1
    if request.task == nil {
      let own = source.markers([BreakMarker.phrase], limit: limit).reversed()
      let markers = own.compactMap { BreakMarker($0.text) }
      if !markers.isEmpty {
        return markers.map { marker in
          let timeline = source.timeline(around: TimeSpan(marker.expiry, marker.wake))
          let sample = marker.sample(comm: timeline.task(marker.tid).comm)
          return report(
            DerivedSample(sample: sample, timeline: timeline, derivation: ""), source, version)
        }
      }
    }
    let hits = source.markers(ForeignMarker.phrases, limit: request.all ? .max : 4)
    var found: [SpikeReport] = []
    for hit in hits {
      guard let marker = ForeignMarker(hit) else { continue }
      if marker.program == .rtla, let window = NoiseWindow(source, threshold: nil) {
        found.append(report(window.derived, source, version))
      } else if let derived = DerivedSample(marker, task: request.task, in: source) {
        found.append(report(derived, source, version))
      } else {
        remarks.append(
          "marker \"\(hit.text)\" of \(marker.program.rawValue): no wakeup of "
            + "\(request.task?.text ?? "its writer") is recorded before it")
      }
      if !request.all, !found.isEmpty { break }
    }
    return found.reversed()
  }

  /// The window that a tracer itself measured.
  private func tracerReport(
    _ source: TraceSource, _ request: AnalyzeRequest, _ version: String
  ) -> SpikeReport? {
    if let window = SectionWindow(source) {
      guard window.length > request.threshold ?? Nanoseconds(-1) else { return nil }
      return report(window.derived, source, version)
    }
    if let window = NoiseWindow(source, threshold: request.threshold) {
      guard window.derived.sample.latency > request.threshold ?? Nanoseconds(-1) else {
        return nil
      }
      return report(window.derived, source, version)
    }
    return nil
  }

  /// The worst wakeups of a task, or of all real-time tasks.
  private func search(
    _ request: AnalyzeRequest, _ sources: [TraceSource], _ version: String,
    _ verdicts: inout TraceVerdicts
  ) {
    var all = WakeupSearch()
    var places: [(LateWakeup, TraceSource)] = []
    var missing: [String] = []
    for source in sources {
      guard
        let found = source.search(
          task: request.task, threshold: request.threshold, limit: request.limit)
      else {
        if sources.count == 1 {
          missing.append(
            "cannot search for wakeups: the trace contains no sched_switch and sched_waking, or its "
              + "timestamps are not times")
        }
        continue
      }
      all.merge(found, limit: request.limit)
      places += found.worst.map { ($0, source) }
    }
    places.sort { $0.0.latency > $1.0.latency }
    let whose = request.task.map { "wakeups of \($0.text)" } ?? "wakeups of real-time tasks"
    let above = request.threshold.map { " above \($0.microseconds) us" } ?? ""
    verdicts.table = WakeupTable(all, title: whose + above)
    guard all.above > 0 else {
      if request.task == nil, all.wakeups == 0 {
        let sections = sources.compactMap { PairedSection($0, threshold: request.threshold) }
        let longest = sections.max { $0.length < $1.length }
        if let longest {
          verdicts.table = nil
          verdicts.reports.append(report(longest.derived, longest.source, version))
          return
        }
      }
      verdicts.remarks += missing
      if request.task == nil, all.wakeups == 0 {
        verdicts.remarks += sources.compactMap(TracedWork.remark)
      }
      if all.records > 0 {
        verdicts.remarks.append("no \(whose)\(above) among \(all.records) events")
      }
      return
    }
    for (wakeup, source) in places.prefix(request.all ? max(request.limit, 1) : 1) {
      let derived = DerivedSample(wakeup, threshold: request.threshold, in: source)
      verdicts.reports.append(report(derived, source, version))
    }
  }

  /// The wakeup around a time: the longest that holds it, else the nearest in 100 ms.
  private func around(
    _ time: Nanoseconds, _ request: AnalyzeRequest, _ sources: [TraceSource], _ version: String,
    _ verdicts: inout TraceVerdicts
  ) {
    let reach = Nanoseconds(microseconds: 100_000)
    var best: (wakeup: LateWakeup, distance: Nanoseconds, source: TraceSource)?
    for source in sources {
      let timeline = source.timeline(around: TimeSpan(time - reach, time + reach))
      let clock = TimerClock(timeline, near: time)
      for anyTask in [false, true] {
        let found = EventSearch.run(
          timeline, task: request.task, threshold: nil, limit: 100_000,
          isTimerClock: clock?.offset == .zero, anyTask: anyTask)
        for wakeup in found.worst {
          let isInside = wakeup.start <= time && time <= wakeup.switched
          let distance =
            isInside ? .zero : min(absolute(wakeup.start - time), absolute(wakeup.switched - time))
          if distance <= reach, best.map({ distance < $0.distance }) ?? true {
            best = (wakeup, distance, source)
          }
        }
        if best != nil || request.task != nil { break }
      }
    }
    guard let best else {
      let spans = sources.compactMap(\.timeSpan)
      verdicts.remarks.append(
        "no wakeup within 100 ms of that time; the trace covers "
          + spans.map { "\(seconds($0.start)) to \(seconds($0.end)) s" }.joined(separator: ", "))
      return
    }
    var derived = DerivedSample(best.wakeup, threshold: request.threshold, in: best.source)
    derived.sample.source = .time
    verdicts.reports.append(report(derived, best.source, version))
  }

  /// As `--at` takes it.
  private func seconds(_ time: Nanoseconds) -> String {
    let rest = "\(time.count.magnitude % 1_000_000_000)"
    return (time.count < 0 ? "-" : "") + "\(time.count.magnitude / 1_000_000_000)."
      + String(repeating: "0", count: 9 - rest.count) + rest
  }

  private func absolute(_ span: Nanoseconds) -> Nanoseconds {
    span < .zero ? .zero - span : span
  }
}

extension RecordedTrace {
  /// The worst wakeups of a task or of all real-time tasks; nil where no buffer has the events for
  /// it.
  public func list(_ request: AnalyzeRequest) -> WakeupTable? {
    var all = WakeupSearch()
    var isPossible = false
    for source in sources where request.instance == nil || request.instance == source.name {
      guard
        let found = source.search(
          task: request.task, threshold: request.threshold, limit: request.limit)
      else { continue }
      isPossible = true
      all.merge(found, limit: request.limit)
    }
    guard isPossible else { return nil }
    let whose = request.task.map { "Wakeups of \($0.text)" } ?? "Wakeups of real-time tasks"
    let above = request.threshold.map { " above \($0.microseconds) us" } ?? ""
    return WakeupTable(all, title: whose + above)
  }
}
