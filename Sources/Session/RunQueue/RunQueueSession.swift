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
    do {
      let instance = try tracing.arm(plan.arming)
      RunQueueTracing.report(instance, observer)
      Self.raisePriority()
      let labels = LabelTable()
      let stream = try RunQueueStream([instance], labels: labels)
      var replay = RunQueueReplay(filter: plan.filter, labels: labels)
      record(stream, &replay, &signals)
      try? instance.stop()
      while stream.round(isLast: true, { replay.apply($0) }) { observer.give(&replay) }
      replay.finish()
      observer.give(&replay)
      stream.close()
      var summary = summary(replay, stream)
      summary.leftovers = tracing.end()
      return summary
    } catch {
      _ = tracing.end()
      throw error
    }
  }

  private func record(
    _ stream: RunQueueStream, _ replay: inout RunQueueReplay, _ signals: inout ControlSignals
  ) {
    let start = bt_clock(CLOCK_MONOTONIC)
    var next = start + (plan.progressInterval?.count ?? .max / 2)
    while signals.pending() == nil {
      let now = bt_clock(CLOCK_MONOTONIC)
      var left = Int64(200)
      if let duration = plan.duration {
        guard now - start < duration.count else { break }
        left = min(left, (duration.count - (now - start)) / 1_000_000 + 1)
      }
      stream.wait(milliseconds: Int32(clamping: left))
      _ = stream.round { replay.apply($0) }
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
    summary.bytes = stream.bytes
    summary.damagedPages = stream.damagedPages
    return summary
  }

  /// The reader of a buffer that many tasks fill must get its share of the CPU, or events are lost.
  static func raisePriority() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -20) }
}

/// What the two kinds of live recording share.
enum RunQueueTracing {
  static func report(_ instance: ArmedInstance, _ observer: RunQueueObserver) {
    for item in instance.shortcomings where item.kind != .option && item.kind != .buffer {
      observer.remark(
        "\(item.kind.rawValue) \(item.name): wanted \(item.wanted), got \(item.got ?? "nothing")")
    }
  }
}
