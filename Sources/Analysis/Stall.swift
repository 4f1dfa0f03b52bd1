import TraceModel

/// A stretch in which a CPU wrote no event although it should have gone on.
struct Stall: Sendable {
  /// What a CPU did that had nothing to do.
  static let idleLoop = "the idle loop"

  /// The stretch.
  var span: TimeSpan
  /// What the CPU had been doing.
  var interrupted: String
  /// Whether it fell between two events of the timer interrupt that follow each other at once
  /// elsewhere.
  var isCodePath = false
  /// The first event after the stretch.
  var end: TraceEvent?
  /// Number of interrupts that were taken within 5 us at its end: they had been pending.
  var pending: Int
  /// Whether other CPUs wrote events meanwhile.
  var othersAlive: Bool
  /// What shows that the CPU was slow in the stretch, nil where it was silent.
  var reason: Evidence?
}

extension SpikeCase {
  /// Whether one of the run's system management interrupts may well be this spike: there were some,
  /// and few. In a long run with many of them the counter says nothing of one spike.
  var mayBeSMI: Bool { (1...10).contains(context.smiCount ?? 0) }

  /// Stretches that no code of this kernel explains: the timer interrupt was late although the CPU
  /// was in user space or idle, or the CPU was to be given up and nothing happened.
  func findStalls() -> [Stall] {
    let least = max(floor, Nanoseconds(microseconds: 20))
    var found: [Stall] = []
    let late = span(.timer)
    if late.length >= least, let code = interrupted {
      // What stopped another CPU too was not code with IRQs disabled.
      let doubtful =
        code.mode == .kernel
        && ((code.stoppedAtInterruptEnable && !stealCovers(late))
          || (steal == .zero && !hostPauses && !mayBeSMI))
        && sharedStop(over: late) == nil
      if !doubtful {
        let mode =
          switch code.mode {
          case .user: "user space"
          case .idle: Stall.idleLoop
          case .kernel: code.frames.first?.text ?? "the kernel"
          }
        for silence in idleSilences(in: late, minimum: least) { found.append(stall(silence, mode)) }
      }
    } else if late.length >= least, let unseen = LateInterrupt(self), unseen.looksLikePause,
      context.platform != .bareMetal
    {
      for silence in idleSilences(in: unseen.span, minimum: least) {
        found.append(stall(silence, "code with preemption enabled"))
      }
    } else if late.length >= least, times.wakingEvent?.pid == 0 {
      for silence in idleSilences(in: late, minimum: least) {
        found.append(stall(silence, Stall.idleLoop))
      }
    }
    // After the wakeup out of user space or idle the switch follows at once.
    if let code = interrupted, code.mode != .kernel, let waking = times.wakingEvent,
      let switched = times.switchedEvent, waking.cpu == switched.cpu,
      case .switched(let change) = switched.payload, change.previous.pid == waking.pid,
      change.previous.isIdle || priority.outranks(change.previousPriority)
    {
      for silence in idleSilences(in: waiting, minimum: least) {
        found.append(stall(silence, "the code before the scheduler"))
      }
    }
    // The switch is not recorded, but the idle loop was asked to give the CPU up and was still
    // there after the silence.
    if times.switchedEvent == nil, let waking = times.wakingEvent, waking.pid == 0, !isRemote {
      for silence in idleSilences(in: waiting, minimum: least) {
        let before = events(in: TimeSpan(waiting.start, silence.start + Nanoseconds(1))).last
        let behind = events(in: TimeSpan(silence.end, silence.end + Nanoseconds(1))).first
        if let before, Self.endsInterrupts(before),
          let asked = needReschedPending(in: TimeSpan(waiting.start, silence.end)),
          asked.pid == 0, let behind, behind.cpu == cpu, behind.pid == 0
        {
          found.append(stall(silence, Stall.idleLoop))
        }
      }
    }
    // Bookkeeping of the kernel that always takes the same short time, but for a pause.
    if context.platform != .bareMetal || mayBeSMI {
      for silence in CodePath.stretched(self, minimum: least) {
        var stretched = stall(silence.span, silence.path)
        stretched.isCodePath = true
        found.append(stretched)
      }
    }
    // Whoever ran when another CPU was paused too, or while the host took it for as long.
    let taken = silences(in: sample.window, minimum: Silence.stealGrain + Silence.stealGrain)
      .filter { steal >= $0.length && stealCovers($0) }
    for slow in frozen where slow.isSlow {
      var whole = stall(slow.span, "")
      whole.reason = slow.stop.evidence
      return [whole]
    }
    for silence in frozen.map(\.span) + taken {
      let new = Spans.subtracting(Spans.merged(found.map(\.span)), from: [silence])
      for span in new where span.length >= least {
        let occupant = replay.ran(in: span).first?.occupant
        found.append(stall(span, occupant?.name ?? "the kernel"))
      }
    }
    return found
  }

  /// Whether the host is known to take CPUs from this guest now and then: its counter grew in this
  /// run, or earlier spikes of the run were pauses.
  var hostPauses: Bool {
    context.hypervisor != nil && context.countsSteal == true
      && (steal > .zero || context.stealRun ?? .zero > .zero || !context.pauseEnds.isEmpty)
  }

  /// Whether the host took the CPU for at least half of a stretch that is long enough for its
  /// counter to show: a pause may as well begin where interrupts are disabled, and is then seen
  /// where they are enabled again.
  func stealCovers(_ span: TimeSpan) -> Bool {
    context.hypervisor != nil && context.countsSteal == true
      && span.length * 2 >= Silence.stealGrain && steal * 2 >= span.length
  }

  /// Whether the event is outside of interrupts, or the last one in them.
  private static func endsInterrupts(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .vectorExit, .irqExit, .softirqExit: true
    default: !event.context.inHardIRQ && !event.context.inSoftIRQ && !event.context.inNMI
    }
  }

  /// Silences in which the CPU was not busy with an interrupt that had been entered before.
  private func idleSilences(in span: TimeSpan, minimum: Nanoseconds) -> [TimeSpan] {
    silences(in: span, minimum: minimum).filter { silence in
      let busy = replay.spans(in: silence) { slice in
        switch slice.occupant {
        case .irq, .vector, .softirq, .nmi: true
        case .task, .idle: false
        }
      }
      return Spans.length(busy).count < silence.length.count / 2
    }
  }

  private func stall(_ silence: TimeSpan, _ interrupted: String) -> Stall {
    let close = silence.end + Nanoseconds(microseconds: 5)
    let behind = events(in: TimeSpan(silence.end, close))
    let pending = behind.count {
      switch $0.payload {
      case .irqEntry, .vectorEntry: true
      default: false
      }
    }
    let alive = timeline.cpus.contains { track in
      track.cpu != cpu && track.cpu != timerCPU && !track.events(in: silence).isEmpty
    }
    return Stall(
      span: silence, interrupted: interrupted, end: behind.first, pending: pending,
      othersAlive: alive)
  }

  /// The evidence of a stall.
  func evidence(of stall: Stall) -> [Evidence] {
    var lines: [Evidence] = []
    if let reason = stall.reason { return [reason] }
    if let end = stall.end {
      lines.append(
        Evidence(
          end,
          note: "first event after \(stall.span.length.microseconds) us without events in "
            + stall.interrupted))
    }
    if stall.pending > 1 {
      lines.append(
        Evidence(
          source: "trace", text: "\(stall.pending) interrupts were pending at its end", cpu: cpu))
    }
    if let stop = sharedStop(over: stall.span), stop.isOverdueTimer {
      lines.append(stop.evidence)
    }
    if stall.othersAlive {
      lines.append(
        Evidence(source: "trace", text: "other CPUs recorded events meanwhile", cpu: cpu))
    }
    return lines
  }
}
