import TraceModel

/// The stopper threads ran: a module was loaded, code was patched, or a CPU went online or offline.
///
/// Evidence: sched_switch to migration/N (or cpuhp/N) in the window, on two or more CPUs for
/// stop_machine. An event of module, cpuhp or text patching in the window shows the reason.
///
/// Ruled out by: a stopper thread on a single CPU that only moved the thread (migration).
///
/// Next step: do not load modules, set kprobes or set tracers while real-time load runs.
struct StopMachine: Rule {
  static let profile = RuleProfile(
    .stopMachine, needs: [.switches],
    proof: [.events(["module:module_load", "cpuhp:cpuhp_enter"])],
    best: .proven,
    takes: "the event sched:sched_switch; module:* and cpuhp:* show why it ran.")

  private static let reasons: Set<String> = [
    "module_load", "module_free", "module_put", "cpuhp_enter", "cpuhp_multi_enter", "cpuhp_exit",
  ]

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let rivals = spike.rivals.filter { $0.culprit == .stopMachine && $0.net >= spike.floor }
    let everywhere = Self.isEverywhere(spike)
    guard !rivals.isEmpty else { return late(spike, everywhere: everywhere) }
    let margin = Nanoseconds(microseconds: 1_000)
    let near = TimeSpan(spike.sample.expiry - margin, spike.sample.wake)
    let reason = spike.timeline.cpus.lazy.compactMap { track in
      track.events(in: near).first {
        if case .other(let other) = $0.payload { Self.reasons.contains(other.name) } else { false }
      }
    }.first
    return RuleOutcome(
      findings: rivals.map { rival in
        var evidence = rival.evidence + (everywhere ? others(spike) : [])
        if let reason { evidence.append(Evidence(reason, note: "the reason")) }
        return Finding(
          .stopMachine, name: reason?.payload.name ?? rival.task.text,
          confidence: everywhere ? rival.confidence : .likely, spans: rival.spans,
          evidence: evidence,
          nextStep: (everywhere
            ? "The stopper threads ran on several CPUs at once (stop_machine)."
            : "The stopper thread ran on this CPU only.")
            + " Do not load modules, set tracers or change CPU states while real-time load "
            + "runs.")
      })
  }

  /// The stopper holds IRQs disabled while the CPUs wait for each other: then the timer came late.
  private func late(_ spike: SpikeCase, everywhere: Bool) -> RuleOutcome {
    guard let stop = Self.stop(spike) else { return .nothing }
    var evidence: [Evidence] = []
    if let event = spike.times.stackEvent, let first = stop.timer.code.frames.first {
      evidence.append(Evidence(event, note: "interrupted in \(first.text)"))
    }
    return RuleOutcome(findings: [
      Finding(
        .stopMachine, name: stop.task.text, confidence: .likely, spans: stop.timer.spans,
        evidence: evidence + (everywhere ? others(spike) : []),
        nextStep: "The stopper thread ran with IRQs disabled. Do not load modules, set tracers or "
          + "change CPU states while real-time load runs.")
    ])
  }

  /// The late timer interrupt that came out of a stopper's work, nil where it came out of something
  /// else.
  static func stop(_ spike: SpikeCase) -> (task: TaskIdentity, timer: LateTimer)? {
    guard let timer = LateTimer(spike), let event = spike.times.wakingEvent else { return nil }
    let task = spike.names.task(event.pid, at: event.time)
    let isStopping = timer.code.frames.contains {
      $0.symbol == "multi_cpu_stop" || $0.symbol == "cpu_stopper_thread"
    }
    return isStopping && KernelTasks.isStopper(task.comm) ? (task, timer) : nil
  }

  /// Whether stoppers ran on two CPUs or more in the window.
  static func isEverywhere(_ spike: SpikeCase) -> Bool {
    spike.timeline.cpus.count { track in
      track.events(in: spike.sample.window).contains(where: isStopperSwitch)
    } >= 2
  }

  private func others(_ spike: SpikeCase) -> [Evidence] {
    spike.timeline.cpus.filter { $0.cpu != spike.cpu }.prefix(3).compactMap { track in
      track.events(in: spike.sample.window).first(where: Self.isStopperSwitch).map { Evidence($0) }
    }
  }

  private static func isStopperSwitch(_ event: TraceEvent) -> Bool {
    guard case .switched(let change) = event.payload else { return false }
    return KernelTasks.isStopper(change.next.comm) || KernelTasks.isStopper(change.previous.comm)
  }
}
