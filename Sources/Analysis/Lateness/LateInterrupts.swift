import TraceModel

// What the rules of interrupts, softirqs and idle states say of a stretch that is not a wakeup.

extension LateWork {
  /// Whether other interrupts in it are what delayed it.
  var isDelayedByInterrupts: Bool {
    switch kind {
    case .softirq, .call, .timer, .work: true
    default: false
    }
  }
}

extension HardIRQ {
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    let isWhole = work.kind == .handler
    guard isWhole || work.isDelayedByInterrupts else { return .nothing }
    return spike.interrupts(.hardIRQ, in: spike.sample.window, least: isWhole ? .zero : nil) {
      switch $0 {
      case .irq(let number, _): !isWhole || Int64(number) == work.number
      case .vector(let name): !isWhole || name == work.what
      default: false
      }
    } nextStep: {
      "The handler took \($0.net.microseconds) us. Move the interrupt to another CPU, or find out "
        + "why its handler takes so long."
    }
  }
}

extension Softirq {
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    let isWhole = work.kind == .softirqRun
    guard isWhole || work.isDelayedByInterrupts else { return .nothing }
    return spike.interrupts(.softirq, in: spike.sample.window, least: isWhole ? .zero : nil) {
      if case .softirq(let vector) = $0 { !isWhole || Int64(vector) == work.number } else { false }
    } nextStep: {
      "It ran for \($0.net.microseconds) us. The event softirq_raise before it shows who raised it."
    }
  }
}

extension IdleExit {
  /// The CPU was idle while a call of another one was under way.
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .call || work.kind == .timer else { return .nothing }
    if case .guest = spike.context.platform { return .nothing }
    let window = spike.sample.window
    let track = spike.timeline[cpu: spike.sample.cpu]?.events ?? []
    var spans: [TimeSpan] = []
    var events: [TraceEvent] = []
    var entered: TraceEvent?
    var hasEnteredLate = false
    for event in track where event.time <= window.end {
      guard case .cpuIdle(let state, let cpu) = event.payload, cpu == spike.sample.cpu else {
        continue
      }
      if state != nil {
        entered = event
      } else if let begin = entered {
        if let part = TimeSpan(begin.time, event.time).clipped(to: window) {
          spans.append(part)
          events += [begin, event]
          hasEnteredLate = hasEnteredLate || begin.time > window.start
        }
        entered = nil
      }
    }
    guard Spans.length(spans) >= spike.floor, let first = events.first,
      case .cpuIdle(.some(let state), _) = first.payload
    else { return .nothing }
    var note = "idle began before it"
    if hasEnteredLate {
      note = "idle entered \((first.time - window.start).microseconds) us after it was sent"
    }
    let length = Spans.length(spans).microseconds
    return RuleOutcome(findings: [
      Finding(
        .idleExit, name: "state \(state)", confidence: hasEnteredLate ? .likely : .possible,
        spans: spans,
        evidence: [Evidence(first, note: note)] + events.dropFirst().suffix(1).map { Evidence($0) },
        nextStep: "CPU \(spike.sample.cpu) was in idle state \(state) for \(length) us of this time"
          + (hasEnteredLate ? ", which it entered with the interrupt pending. " : ". ")
          + "Hold /dev/cpu_dma_latency at 0 or disable the state in "
          + "/sys/devices/system/cpu/cpu\(spike.sample.cpu)/cpuidle.")
    ])
  }
}

extension Hypervisor {
  /// A guest's CPU that did not take an interrupt and recorded nothing meanwhile may not have run.
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .call || work.kind == .timer else { return .nothing }
    let name: String
    switch spike.context.platform {
    case .guest(let guest): name = guest
    case .unknown where spike.guestSign != nil: name = ""
    default: return .nothing
    }
    let window = spike.sample.window
    let least = max(spike.floor, Nanoseconds(window.length.count / 5 * 4))
    guard let silence = spike.silences(in: window, minimum: least).first else { return .nothing }
    let busy = spike.replay.spans(in: silence) { slice in
      switch slice.occupant {
      case .irq, .vector, .softirq, .nmi, .idle: true
      case .task: false
      }
    }
    guard Spans.length(busy) < spike.floor else { return .nothing }
    let end = spike.events(in: TimeSpan(silence.end, silence.end + Nanoseconds(1))).first
    let length = silence.length.microseconds
    return RuleOutcome(findings: [
      Finding(
        .hypervisor, name: name, confidence: .possible, spans: [silence],
        evidence: (end.map {
          [Evidence($0, note: "the first event of CPU \($0.cpu) after \(length) us")]
        } ?? []) + (spike.guestSign.map { [Evidence($0, note: "only a guest has it")] } ?? []),
        nextStep:
          "CPU \(spike.sample.cpu) recorded nothing for \(length) us and did not handle the "
          + "interrupt. The host may have preempted it. A trace of the host would show it.")
    ])
  }
}
