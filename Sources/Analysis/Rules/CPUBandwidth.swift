import TraceModel

/// The cgroup exhausted its CPU bandwidth, and its normal tasks waited for the next period.
///
/// Evidence: the throttled time of the thread's cgroup or of a parent group (cpu.stat) grew around
/// the spike. The thread was runnable while the CPU was idle or ran other tasks, including after
/// its return from the wait, where newer kernels throttle. The period timer
/// (sched_cfs_period_timer) expired before the thread continued.
///
/// Ruled out by: a real-time policy, a throttled time that did not grow, or recorded timers without
/// the period timer.
///
/// Next step: raise cpu.max of the cgroup, or spread its load.
struct CPUBandwidth: Rule {
  static let profile = RuleProfile(
    .cpuBandwidth, needs: [.switches, .fact(.bandwidth)], proof: [.timers], best: .likely,
    takes: "a cgroup with the cpu controller (cpu.stat of the thread's cgroup, v1 or v2).")

  /// The timers that give a group its bandwidth again: at the period's begin, or when another CPU
  /// gives some back.
  private static let timers: Set<String> = ["sched_cfs_period_timer", "sched_cfs_slack_timer"]

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let waits = Self.waits(spike)
    let unseen = Self.unseen(spike)
    guard !spike.priority.isRealtime, Spans.length(waits) + unseen.length >= spike.floor,
      let throttled = spike.context.throttledTime
    else { return .nothing }
    guard throttled > .zero else {
      return .refuted(.cpuBandwidth, because: "the throttled time of the cgroup did not grow")
    }
    let releases = Self.releases(spike)
    let seesTimers = spike.timeline.cpus.contains { track in
      track.events.contains {
        if case .hrtimerExpireEntry(_, let function, _) = $0.payload {
          !function.symbol.isEmpty
        } else {
          false
        }
      }
    }
    var evidence = [
      Evidence(
        source: "cpu.stat",
        text:
          "throttled for \(throttled.microseconds) us in total on its CPUs, between the readings "
          + "before and after the spike")
    ]
    var spans: [TimeSpan] = []
    for wait in waits {
      var held = wait
      if seesTimers {
        // After the timer it waits for others as any task does.
        guard let release = releases.last(where: { $0.time > wait.start && $0.time <= wait.end })
        else { continue }
        held.end = release.time
        evidence.append(Evidence(release, note: "the bandwidth of the group is replenished"))
      }
      let isWhole = throttled.count >= held.length.count / 2
      spans += spike.replay.spans(in: held) { slice in
        switch slice.occupant {
        case .idle: true
        case .task(let task, _): isWhole && task.pid != spike.sample.task.pid
        default: false
        }
      }
    }
    // Before tracing was switched on again nobody was seen, but the counter covers it.
    if throttled.count >= spike.sample.latency.count / 2 {
      spans = Spans.merged(spans + [unseen])
    }
    guard Spans.length(spans) >= spike.floor else {
      return seesTimers
        ? .refuted(.cpuBandwidth, because: "no bandwidth period began during the wait")
        : .nothing
    }
    let isWhole = throttled.count >= Spans.length(spans).count / 2
    return RuleOutcome(findings: [
      Finding(
        .cpuBandwidth, name: "", confidence: isWhole ? .likely : .possible, spans: spans,
        evidence: evidence,
        nextStep:
          "The cgroup exhausted its cpu.max (cpu.cfs_quota_us). Raise it, or measure outside "
          + "the cgroup.")
    ])
  }

  /// The part of the window before tracing was switched on again, empty where it is less than half.
  private static func unseen(_ spike: SpikeCase) -> TimeSpan {
    let begin = spike.sample.expiry
    guard let since = spike.context.tracingSince, since > begin,
      (since - begin).count >= spike.sample.latency.count / 2
    else { return TimeSpan(begin, begin) }
    return TimeSpan(begin, min(since, spike.sample.wake))
  }

  /// The stretches in which the thread was runnable and had no CPU: before it got one, and where it
  /// lost it again.
  private static func waits(_ spike: SpikeCase) -> [TimeSpan] {
    let tid = spike.sample.task.pid
    var found = [spike.waiting]
    var left: Nanoseconds?
    let after = spike.afterSwitch
    for event in spike.events(in: TimeSpan(after.start, after.end + Nanoseconds(1))) {
      guard case .switched(let change) = event.payload else { continue }
      if change.previous.pid == tid {
        left = change.previousState.isRunnable ? event.time : nil
      } else if change.next.pid == tid, let from = left {
        found.append(TimeSpan(from, event.time))
        left = nil
      }
    }
    return found.filter { $0.length > .zero }
  }

  private static func releases(_ spike: SpikeCase) -> [TraceEvent] {
    spike.timeline.cpus.flatMap { track in
      track.events(in: spike.sample.window).filter {
        if case .hrtimerExpireEntry(_, let function, _) = $0.payload {
          timers.contains(function.symbol)
        } else {
          false
        }
      }
    }.sorted { ($0.time, $0.cpu) < ($1.time, $1.cpu) }
  }
}
