import TraceModel

/// Two adjacent events of one CPU between which the kernel does the same short bookkeeping each
/// time: where that took many times as long as everywhere else in the trace, the CPU did not run it
/// all the time.
enum CodePath {
  /// Fewer examples say nothing of what is usual.
  private static let least = 3
  private static let leastOfAll = 12
  /// How many times the longest of the others a stretch must be.
  private static let factor: Int64 = 10

  /// The name of the path between two events that follow each other on a CPU, nil where other code
  /// may run in between.
  static func name(_ a: TraceEvent, _ b: TraceEvent) -> String? {
    guard a.cpu == b.cpu, a.pid == b.pid else { return nil }
    switch (a.payload, b.payload) {
    case (.vectorEntry("local_timer", _), .hrtimerExpireEntry):
      return "the entry of the timer interrupt"
    case (.vectorEntry("local_timer", _), .vectorExit("local_timer", _)):
      return "a timer interrupt without a timer"
    case (.hrtimerExpireExit, .vectorExit("local_timer", _)):
      return "the exit of the timer interrupt"
    case (.hrtimerExpireExit, .hrtimerExpireEntry): return "the code between two timers"
    case (.hrtimerExpireEntry(_, let function, _), .waking)
    where function.symbol == "hrtimer_wakeup":
      return "the beginning of the wakeup"
    case (.waking(let first), .wakeup(let second)) where first.task.pid == second.task.pid:
      return "the wakeup itself"
    case (.wakeup, .hrtimerExpireExit): return "the end of the wakeup"
    case (.hrtimerExpireEntry(_, let function, _), .softirqRaise)
    where TimerFunctions.isTick(function.symbol):
      return "the beginning of the tick"
    case (.hrtimerExpireEntry(_, let function, _), .hrtimerExpireExit)
    where TimerFunctions.isTick(function.symbol):
      return "the tick"
    default: return nil
    }
  }

  /// The paths of the window that took far longer than the same path did elsewhere on these CPUs.
  static func stretched(
    _ spike: SpikeCase, minimum: Nanoseconds
  ) -> [(span: TimeSpan, path: String)] {
    let window = spike.sample.window
    var found: [(span: TimeSpan, path: String)] = []
    for leg in spike.path.legs {
      guard let track = spike.timeline[cpu: leg.cpu] else { continue }
      // The window's first event may end a path that began before it.
      let reach = TimeSpan(leg.span.start - Nanoseconds(microseconds: 1_000), leg.span.end)
      var all: [Step]?
      for step in steps(track.events(in: reach)) {
        guard let part = step.span.clipped(to: window), part.length >= minimum else { continue }
        // Few windows have such a step: only then the rest of the CPU's events is gone through.
        let others = all ?? steps(track.events[...])
        all = others
        if isUnusual(step, among: others, spike) { found.append((part, step.path)) }
      }
    }
    return found
  }

  /// How many of the window's paths took far longer than usual, and how many there are; nil where
  /// fewer than three, or less than half of them, did.
  ///
  /// A CPU that runs slowly as a whole does not run this kernel's code all the time: the host works
  /// for the guest (it starts another CPU, or builds page tables), or emulates it.
  static func slowThroughout(_ spike: SpikeCase) -> (slow: [TraceEvent], count: Int)? {
    let window = spike.sample.window
    let minimum = Nanoseconds(microseconds: 20)
    var slow: [TraceEvent] = []
    var count = 0
    for leg in spike.path.legs {
      guard let track = spike.timeline[cpu: leg.cpu] else { continue }
      let inside = steps(track.events(in: leg.span))
      count += inside.count
      let long = inside.filter { $0.span.length >= minimum }
      guard !long.isEmpty else { continue }
      let outside = steps(track.events[...]).filter { $0.span.clipped(to: window) == nil }
      for step in long {
        let same = outside.filter { $0.path == step.path }
        guard let usual = usual(same, least: least), step.span.length >= usual * factor,
          let event = track.events(in: TimeSpan(step.span.end, step.span.end)).first
        else { continue }
        slow.append(event)
      }
    }
    return slow.count >= 3 && slow.count * 2 >= count ? (slow, count) : nil
  }

  /// A path and the longest stretch without an event in it.
  private struct Step {
    var path: String
    var span: TimeSpan
  }

  /// The paths among events in order; the stack that belongs to an event ends none.
  private static func steps(_ events: ArraySlice<TraceEvent>) -> [Step] {
    var found: [Step] = []
    var before: TraceEvent?
    var last = Nanoseconds.zero
    var longest = TimeSpan(.zero, .zero)
    for index in events.indices {
      // All of these paths lie in the timer's interrupt, most events do not.
      guard events[index].context.inHardIRQ else {
        before = nil
        last = events[index].time
        continue
      }
      let event = events[index]
      let gap = TimeSpan(last, event.time)
      longest = gap.length > longest.length || longest.start < before?.time ?? .zero ? gap : longest
      last = event.time
      if case .stack = event.payload { continue }
      if let before, let path = name(before, event) {
        found.append(Step(path: path, span: longest))
      }
      before = event
    }
    return found
  }

  /// Whether a step is far longer than the others of its path, or, where the trace has too few of
  /// them, than the steps of all paths; with too few of those steal time must have grown by as
  /// much.
  private static func isUnusual(
    _ step: Step, among all: [Step], _ spike: SpikeCase
  ) -> Bool {
    let others = all.filter { $0.span != step.span }
    let same = others.filter { $0.path == step.path }
    if let usual = usual(same, least: least) { return step.span.length >= usual * factor }
    // Another path may take a few times as long by itself.
    if let usual = usual(others, least: leastOfAll) {
      return step.span.length >= usual * factor * 3
    }
    return spike.steal > .zero && spike.steal >= step.span.length
  }

  /// The longest of the steps but for the upper tenth, which may be pauses too; nil where there are
  /// too few.
  private static func usual(_ steps: [Step], least: Int) -> Nanoseconds? {
    guard steps.count >= least else { return nil }
    let lengths = steps.map(\.span.length).sorted()
    return max(lengths[(lengths.count - 1) * 9 / 10], Nanoseconds(500))
  }
}
