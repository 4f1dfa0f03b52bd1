import TraceModel

/// The task was not runnable. It slept uninterruptibly for another task, a device or memory.
///
/// Evidence: sched_switch with state D, and the sched_waking that ended the sleep, with its waker.
/// sched_blocked_reason, or a stack of the switch, names the function in which it slept.
///
/// Ruled out by: a task that was runnable all the time.
///
/// Next step: find out what the task slept for. The waker was late, not the scheduler.
struct Blocked: Rule {
  static let profile = RuleProfile(
    .blocked, needs: [.switches, .waking], proof: [.events(["sched:sched_blocked_reason"])],
    best: .likely,
    takes: "the events sched:sched_switch and sched_waking; sched:sched_blocked_reason names the "
      + "function (CONFIG_SCHEDSTATS before 6.0).")

  func examine(_ spike: SpikeCase) -> RuleOutcome { .nothing }

  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .blocked else { return .nothing }
    let tid = spike.sample.task.pid
    let window = spike.sample.window
    let left = spike.event(at: window.start) {
      if case .switched(let change) = $0.payload { change.previous.pid == tid } else { false }
    }
    let waking =
      work.isOpen
      ? nil
      : spike.event(at: window.end) {
        switch $0.payload {
        case .waking(let wake), .wakeup(let wake): wake.task.pid == tid
        default: false
        }
      }
    let soon = TimeSpan(window.end, window.end + Nanoseconds(microseconds: 1_000))
    let reason = spike.firstEvent(in: soon) { Self.isReason($0, tid) }
    let place = Self.place(reason, left, spike)
    var evidence = call(spike).map { [Evidence($0, note: "the system call")] } ?? []
    evidence += left.map { [Evidence($0, note: "uninterruptible sleep")] } ?? []
    evidence += reason.map { [Evidence($0)] } ?? []
    evidence += waking.map { [Evidence($0, note: "ends the sleep")] } ?? []
    return RuleOutcome(findings: [
      Finding(
        .blocked, name: place.name, confidence: left != nil && waking != nil ? .likely : .possible,
        spans: [window], evidence: evidence,
        nextStep: Self.advice(spike, work, place: place, waking: waking))
    ])
  }

  /// The system call in which it slept, nil where the trace does not show it.
  private func call(_ spike: SpikeCase) -> TraceEvent? {
    let start = spike.sample.window.start
    let reach = TimeSpan(start - Nanoseconds(microseconds: 10_000), start)
    let last = spike.timeline[cpu: spike.sample.cpu]?.events(in: reach).last { event in
      guard event.pid == spike.sample.task.pid else { return false }
      switch event.payload {
      case .syscallEnter, .syscallExit, .pageFault: return true
      default: return false
      }
    }
    if case .syscallEnter? = last?.payload { return last }
    return nil
  }

  private static func isReason(_ event: TraceEvent, _ tid: Int32) -> Bool {
    guard case .other(let other) = event.payload, other.name == "sched_blocked_reason" else {
      return false
    }
    return other.value("pid") == "\(tid)"
  }

  /// The function in which it slept, and whether that counts as waiting for a device.
  private static func place(
    _ reason: TraceEvent?, _ left: TraceEvent?, _ spike: SpikeCase
  ) -> (name: String, isIO: Bool?) {
    var name = ""
    var isIO: Bool?
    if case .other(let other)? = reason?.payload {
      isIO = other.value("io_wait").map { $0 == "1" } ?? other.value("iowait").map { $0 == "1" }
      let caller = KernelFunctions.bare(other.value("caller") ?? "")
      if caller.first.map({ $0.isLetter || $0 == "_" }) ?? false { name = caller }
    }
    if name.isEmpty || KernelFunctions.isHelper(name), let left {
      let frames = spike.stack(of: left).map { KernelFunctions.bare($0.symbol) }
      let own = frames.first { !$0.isEmpty && !KernelFunctions.isHelper($0) && !isSleep($0) }
      if let own, !KernelFunctions.isOutermost(own) { name = own }
    }
    return (name, isIO)
  }

  /// Functions that only carry a sleep out.
  private static func isSleep(_ name: String) -> Bool {
    name.hasPrefix("schedule") || name.hasPrefix("io_schedule") || name.hasPrefix("wait_for_comp")
      || name.hasPrefix("__wait_for_common") || name.hasPrefix("__mutex_lock")
      || name.hasPrefix("rwsem_down_") || name.hasPrefix("__down")
  }

  private static func advice(
    _ spike: SpikeCase, _ work: LateWork, place: (name: String, isIO: Bool?), waking: TraceEvent?
  ) -> String {
    let task = spike.sample.task.text
    var text = "\(task) slept uninterruptibly"
    if !place.name.isEmpty { text += " in \(place.name)" }
    if place.isIO == true { text += " (iowait)" }
    text += " for \(spike.sample.latency.microseconds) us"
    if let waking {
      let waker = spike.names.task(waking.pid, at: waking.time).text
      text +=
        waking.context.inHardIRQ
        ? " until an IRQ that interrupted \(waker) woke it"
        : waking.context.inSoftIRQ
          ? " until a softirq in \(waker) woke it" : " until \(waker) woke it"
    }
    text += "."
    if let waking, let rest = rest(spike, after: waking.time) {
      text += " It then waited \(rest.microseconds) us for a CPU."
    }
    if waking == nil { text += " Nothing in the trace woke it." }
    return text
      + (place.name.isEmpty
        ? " Record sched:sched_blocked_reason, or a stack at sched_switch, to see the reason."
        : " The scheduler was not late.")
  }

  /// From the wakeup to the switch to the task.
  private static func rest(_ spike: SpikeCase, after waking: Nanoseconds) -> Nanoseconds? {
    let tid = spike.sample.task.pid
    let next = spike.firstEvent(in: TimeSpan(waking, Nanoseconds(.max))) {
      if case .switched(let change) = $0.payload { change.next.pid == tid } else { false }
    }
    return next.map { $0.time - waking }
  }
}
