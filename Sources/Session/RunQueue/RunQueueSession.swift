public import Analysis
internal import CRealtime
internal import Glibc
internal import TraceModel
internal import Tracefs

/// Records the run queues live until the plan's time is over or a signal comes.
public struct RunQueueSession {
  private let plan: RunQueuePlan
  private let observer: RunQueueObserver

  /// Makes a session; nothing is touched yet.
  public init(plan: RunQueuePlan, observer: RunQueueObserver) {
    self.plan = plan
    self.observer = observer
  }

  /// Arms, records, disarms; throws where tracing cannot be armed, and then nothing is left of it.
  public func run() throws(SessionError) -> RunQueueSummary {
    var signals = ControlSignals()
    let tracing = try TracingControl()
    if let remark = tracing.guardianRemark { observer.remark(remark) }
    var filter: ArmedInstance?
    do {
      let instance = try tracing.arm(plan.arming)
      RunQueueTracing.report(instance, observer)
      filter = armFilter(tracing)
      RaisedPriority().keep()
      let labels = LabelTable()
      let stream = try RunQueueStream(
        [instance], kilobytes: plan.bufferKilobytes, labels: labels)
      var replay = RunQueueReplay(filter: plan.filter, labels: labels)
      var summary: RunQueueSummary
      if let filter {
        let reports = try RunQueueStream(
          [filter], kilobytes: KernelWaitFilter.bufferKilobytes, labels: labels)
        var collector = KernelWaitCollector(
          reports: reports, events: stream, filter: plan.filter, labels: labels)
        observer.started()
        follow(reports, &replay, &signals, milliseconds: 50) { collector.round(&$0) }
        try? filter.stop()
        try? instance.stop()
        collector.round(isLast: true, &replay)
        observer.give(&replay)
        summary = self.summary(replay, stream)
        summary.leftOutBelow = plan.filter.threshold
        summary.rowsWithoutDetails = collector.withoutDetails
        summary.missedByFilter = max(collector.missed, KernelWaitFilter.dropped(filter))
        reports.close()
        stream.close()
        summary.leftovers = filter.disarm().problemLines
      } else {
        observer.started()
        follow(stream, &replay, &signals, milliseconds: 200) { replay in
          stream.round { replay.apply($0) }
        }
        try? instance.stop()
        while stream.round(isLast: true, { replay.apply($0) }) {
          observer.give(&replay)
          stream.pause()
        }
        replay.finish()
        observer.give(&replay)
        stream.close()
        summary = self.summary(replay, stream)
      }
      summary.leftovers += tracing.end()
      return summary
    } catch {
      filter?.disarm()
      _ = tracing.end()
      throw error
    }
  }

  /// The instance in which the kernel leaves short waits out, nil where all events are read.
  private func armFilter(_ tracing: TracingControl) -> ArmedInstance? {
    switch plan.filterPlace {
    case .pages: return nil
    case .auto:
      guard !plan.hasWork, !plan.hasSoftirqs, !plan.hasEnqueue, plan.progressInterval == nil,
        plan.filter.threshold > .zero, KernelWaitFilter.isAvailable(tracing.root)
      else { return nil }
    case .kernel:
      guard KernelWaitFilter.isAvailable(tracing.root) else {
        observer.remark("this kernel cannot filter short waits, reading all events")
        return nil
      }
    }
    do throws(TracefsError) {
      return try ArmedInstance(
        KernelWaitFilter.arming(tracing.run, threshold: plan.filter.threshold),
        name: InstanceName(run: tracing.run, suffix: KernelWaitFilter.suffix), root: tracing.root,
        journal: tracing.journal)
    } catch {
      observer.remark("the kernel does not filter short waits, reading all events: \(error)")
      return nil
    }
  }

  /// Calls `round`, which says whether there is more to read, until the plan's time is over or a
  /// signal comes.
  private func follow(
    _ stream: RunQueueStream, _ replay: inout RunQueueReplay, _ signals: inout ControlSignals,
    milliseconds: Int64, _ round: (inout RunQueueReplay) -> Bool
  ) {
    let start = bt_clock(CLOCK_MONOTONIC)
    var next = start + (plan.progressInterval?.count ?? .max / 2)
    var isBehind = false
    while signals.pending() == nil {
      let now = bt_clock(CLOCK_MONOTONIC)
      var left = milliseconds
      if let duration = plan.duration {
        guard now - start < duration.count else { break }
        left = min(left, (duration.count - (now - start)) / 1_000_000 + 1)
      }
      isBehind ? stream.pause() : stream.wait(milliseconds: Int32(clamping: left))
      isBehind = round(&replay)
      observer.give(&replay)
      if now >= next, let interval = plan.progressInterval {
        next = now + interval.count
        observer.progress(summary(replay, stream))
      }
    }
  }

  private func summary(_ replay: RunQueueReplay, _ stream: RunQueueStream) -> RunQueueSummary {
    var summary = RunQueueSummary(replay)
    summary.bufferKilobytes = plan.bufferKilobytes
    summary.pace = stream.pace
    summary.damagedPages = stream.damagedPages
    return summary
  }
}

extension DisarmReport {
  /// What is not as before, one line each.
  var problemLines: [String] {
    leftovers.map { "\($0.path): \($0.reason)" }
      + restored.filter { !$0.isSettled }.map(\.description)
  }
}

/// What the two kinds of live recording share.
enum RunQueueTracing {
  static func report(_ instance: ArmedInstance, _ observer: RunQueueObserver) {
    for item in instance.shortcomings where item.kind != .option && item.kind != .buffer {
      observer.remark(
        "\(item.kind.rawValue) \(item.name): requested \(item.wanted), got \(item.got ?? "nothing")"
      )
    }
  }
}
