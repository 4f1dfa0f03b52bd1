public import TraceModel

/// All that the rules may look at for one spike.
public struct SpikeCase: Sendable {
  /// The late wakeup.
  public var sample: WakeupSample
  /// Its times as far as the trace reports them.
  public var times: WakeupTimes
  /// Its segments with their typical lengths.
  public var segments: [Segment]
  /// The trace.
  public var timeline: Timeline
  /// The CPU on which the thread got to run.
  public var cpu: Int
  /// The CPU on which it was woken: the timer's.
  public var timerCPU: Int
  /// Who ran that mattered at each moment: the timer's before the wakeup, the thread's after it.
  public var replay: CPUReplay
  /// The events of these CPUs in the window.
  public var events: ArraySlice<TraceEvent>
  /// The machine and the run.
  public var context: SystemContext
  /// Earlier wakeups.
  public var baseline: Baseline
  /// The interrupted code, where the trace has the stack of the wakeup.
  public var interrupted: InterruptedCode?
  /// The measured thread's priority in the scheduler's events.
  public var priority: KernelPriority
  /// Gaps of the trace that touch the window.
  public var gaps: [TimelineGap]
  /// Sections of latency tracers on the window's CPUs that overlap it; a wakeup's only where it is
  /// this thread's.
  public var sections: [LatencySection]
  /// What the window is.
  public var subject: SpikeSubject
  /// The tick of a trace clock that has no finer resolution, nil where stamps are finer than a
  /// tick.
  public var clockTick: Nanoseconds?
  /// An event that only a guest has, where the context does not say what the kernel ran on.
  let guestSign: TraceEvent?
  /// Where each stretch was to happen.
  let path: WakePath
  /// The thread's timer if it expired in a softirq.
  let softTimer: SoftTimer?
  /// Tasks that ran while the thread, or the thread that serves its timer, wanted the CPU.
  var rivals: [Rival]
  /// The cycle before this one that was armed in time, where this one was not.
  var previous: WakeupTimes?
  /// The turn of the deadline server that kept the thread waiting.
  var serverTurn: ServerTurn?
  /// Stretches in which other CPUs were paused too, or in which this one was slow as a whole.
  var frozen: [Frozen] = []
  /// Overdue timers of the CPUs that had nothing to do with the wakeup.
  var otherStops: [OverdueTimer] = []
  /// Stretches in which no code of this kernel explains that nothing was written.
  var stalls: [Stall]
  /// The task that was interrupted by the wakeup and kept the CPU.
  var held: HeldCPU?
  /// The tasks' names at each time.
  let names: TaskNames
  /// The threads and helper processes of breaktrace that do not measure.
  let ownTasks: Set<Int32>

  /// Prepares the case of a sample.
  public init(
    _ sample: WakeupSample, timeline: Timeline, context: SystemContext,
    sections: [LatencySection] = [], subject: SpikeSubject = .wakeup
  ) {
    let timeline = timeline.ordered
    self.subject = subject
    let finder = WakeupFinder(timeline)
    let isWait = subject.isWait
    // What is late and no wait has no wakeup either.
    let isOther = if case .lateness = subject { !isWait } else { false }
    let times =
      isOther
      ? WakeupTimes(expiry: sample.expiry, sampled: sample.wake)
      : finder.times(of: sample, isPreempted: isWait && subject != .wakeup)
    let baseline = Baseline(
      subject == .wakeup
        ? finder.earlier(than: sample.expiry, tid: sample.task.pid, limit: 500) : [])
    if let armed = times.armedEvent, armed.time > sample.expiry {
      previous = finder.earlier(than: armed.time, tid: sample.task.pid, limit: 1).first
    }
    self.sample = sample
    self.times = times
    self.timeline = timeline
    names = TaskNames(timeline)
    softTimer = SoftTimer(times, expiry: sample.expiry, timeline: timeline, names: names)
    self.times.raisedEvent = softTimer?.raised
    ownTasks = Self.ownTasks(context.ownThreads, timeline)
    self.context = context
    guestSign = context.platform == .unknown ? timeline.guestSign : nil
    self.baseline = baseline
    clockTick = ClockTick.of(timeline, window: sample.window)
    segments = times.segments.map {
      Segment(name: $0.name, span: $0.span, typical: baseline.typical($0.name))
    }
    if case .section(let section) = subject {
      let inside = timeline[cpu: section.cpu]?.events(in: section.span) ?? []
      let name = section.disablesIRQs(Array(inside)) ? Segment.Name.timer : .schedule
      segments = Segment.whole(name, sample.window)
    } else if case .lateness(let work) = subject, !work.isWait {
      segments = Segment.whole(.unexplained, sample.window)
    }
    path = WakePath(sample, times: times, timeline: timeline)
    cpu = path.home
    timerCPU = path.legs[0].cpu
    replay = path.replay(timeline, window: sample.window)
    events = path.events(timeline, window: sample.window)
    if case .stack(let frames) = times.stackEvent?.payload {
      interrupted = InterruptedCode(stack: frames, task: times.wakingEvent?.pid ?? 0)
    }
    // With the priority that it had when it was woken the thread waited; it may have been given
    // another one meanwhile.
    if let waking = times.wakingEvent, case .waking(let wake) = waking.payload {
      priority = wake.priority
    } else if let change = times.switchedEvent, case .switched(let switched) = change.payload {
      priority = switched.nextPriority
    } else if case .wakeup(let wake) = times.wakingEvent?.payload {
      priority = wake.priority
    } else {
      priority = KernelPriority(policy: sample.policy ?? .other, priority: sample.priority)
    }
    gaps = timeline.cpus.flatMap { track in
      track.gaps.filter { $0.span.start < sample.wake && $0.span.end > sample.expiry }
    }
    self.sections = []
    rivals = []
    stalls = []
    let cpus = Set(path.legs.map(\.cpu))
    self.sections = (sections + PreemptIRQSections.read(timeline, cpus: cpus, in: sample.window))
      .filter { section in
        cpus.contains(section.cpu) && section.span.clipped(to: sample.window) != nil
          && (!section.isWakeup || section.task?.pid == sample.task.pid)
      }
    otherStops = timeline.cpus.filter { $0.cpu != cpu && $0.cpu != timerCPU }
      .flatMap { OverdueTimer.all(on: $0, in: sample.window) }
    frozen = findFrozen()
    rivals = findRivals()
    held = HeldCPU(self)
    stalls = findStalls()
    serverTurn = ServerTurn(self)
  }

  /// The tool's own threads, and the short-lived ones that these started. What the main thread
  /// starts may be a process of the load.
  private static func ownTasks(_ known: [Int32], _ timeline: Timeline) -> Set<Int32> {
    guard let main = known.min() else { return [] }
    var own = Set(known)
    let started = timeline.cpus.flatMap { track in
      track.events.filter { if case .wakeupNew = $0.payload { true } else { false } }
    }
    for event in started.sorted(by: { $0.time < $1.time }) where event.pid != main {
      if case .wakeupNew(let new) = event.payload, own.contains(event.pid) {
        own.insert(new.task.pid)
      }
    }
    return own
  }

  /// A segment's span.
  public func span(_ name: Segment.Name) -> TimeSpan {
    segments.first { $0.name == name }?.span ?? TimeSpan(sample.wake, sample.wake)
  }

  /// From being on the run queue to having the CPU; where the switch is missing, to the thread's
  /// own first event.
  ///
  /// A wakeup from another CPU is on the run queue only when that CPU has taken it.
  public var waiting: TimeSpan {
    guard let waking = times.waking else {
      // Woken before the trace begins: from there on the wait is seen.
      if isWokenUnseen, let since = visibleSince, let switched = times.switched {
        return TimeSpan(min(since, switched), switched)
      }
      return TimeSpan(sample.expiry, sample.expiry)
    }
    let end = times.switched ?? times.firstOwn ?? max(sample.wake, sample.expiry)
    let start = isRemote ? times.queued ?? waking : waking
    return TimeSpan(min(start, end), end)
  }

  /// From when on all CPUs are seen, where that is after the expiry; nil where the trace reaches
  /// back to it.
  var visibleSince: Nanoseconds? {
    if let since = context.tracingSince, context.hasOverrun == false {
      return since > sample.expiry ? since : nil
    }
    guard timeline[cpu: cpu]?.oldest.map({ $0 > sample.expiry }) ?? false else { return nil }
    return timeline.cpus.compactMap(\.oldest).max()
  }

  /// The part of the window in which tracing was on; who ran before is not known, and not guessed.
  var visible: TimeSpan {
    guard let since = context.tracingSince, since > sample.expiry else { return sample.window }
    return TimeSpan(min(since, sample.window.end), sample.window.end)
  }

  /// Whether the trace of the CPU reaches back to the expiry. A CPU that had nothing to write until
  /// then is seen too, where tracing was on and nothing was overwritten.
  var coversWindow: Bool {
    // A search found its begin among the events.
    if case .lateness = subject {
      return timeline.cpus.contains { $0.oldest ?? .zero <= sample.expiry }
    }
    guard let oldest = timeline[cpu: cpu]?.oldest else { return false }
    if oldest <= sample.expiry { return true }
    return context.hasOverrun == false && context.tracingSince.map { $0 <= sample.expiry } ?? false
  }

  /// Whether the thread was woken before the trace begins: it got the CPU, and no CPU shows its
  /// wakeup.
  var isWokenUnseen: Bool {
    times.wakingEvent == nil && times.queuedEvent == nil && times.armedEvent == nil
      && visibleSince.map { $0 < times.switched ?? $0 } ?? false
  }

  /// Whether the wakeup came from another CPU than the one on which the thread ran.
  public var isRemote: Bool { times.wakingEvent.map { $0.cpu != cpu } ?? false }

  /// From having the CPU to the sample.
  public var afterSwitch: TimeSpan { TimeSpan(span(.return).start, span(.clockRead).end) }

  /// The events in `span`, its end left out.
  public func events(in span: TimeSpan) -> ArraySlice<TraceEvent> {
    let low = lowerBound(span.start)
    return events[low..<max(low, lowerBound(span.end))]
  }

  private func lowerBound(_ time: Nanoseconds) -> Int {
    var low = events.startIndex
    var high = events.endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if events[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether the thread asked for preemption (need-resched set) in `span` and did not get it.
  public func needReschedPending(in span: TimeSpan) -> TraceEvent? {
    events(in: span).first { $0.context.needResched && $0.time < span.end }
  }

  /// Stretches of at least `minimum` in `span` in which no event was written on the CPU; where
  /// events were lost nothing is known, and no stretch is one of silence.
  public func silences(in span: TimeSpan, minimum: Nanoseconds) -> [TimeSpan] {
    var found: [TimeSpan] = []
    var last = span.start
    for event in events(in: span) {
      if event.time - last >= minimum { found.append(TimeSpan(last, event.time)) }
      last = max(last, event.time)
    }
    if span.end - last >= minimum { found.append(TimeSpan(last, span.end)) }
    let lost = path.legs.flatMap { timeline[cpu: $0.cpu]?.gaps ?? [] }
    return found.filter { silence in
      !lost.contains { $0.span.start < silence.end && $0.span.end > silence.start }
    }
  }

  /// Whether the events of `name` (`system:event`) were recorded, as far as that is known.
  public func recorded(_ name: String) -> Bool { context.enabledEvents?.contains(name) ?? true }

  /// Growth of the steal time of the CPU around the spike.
  public var steal: Nanoseconds {
    max(context.steal[cpu] ?? .zero, context.steal[timerCPU] ?? .zero)
  }

  /// The section of one of `tracers` that overlaps at least 80 % of `spans`, the longest overlap
  /// first.
  func section(of tracers: [String], over spans: [TimeSpan]) -> LatencySection? {
    let claimed = Spans.merged(spans)
    let whole = Spans.length(claimed)
    var best: (overlap: Nanoseconds, section: LatencySection)?
    for section in sections where tracers.contains(section.tracer) {
      let overlap = Spans.length(Spans.intersection(claimed, [section.span]))
      guard overlap > .zero, overlap.count >= whole.count / 5 * 4, overlap > best?.overlap ?? .zero
      else { continue }
      best = (overlap, section)
    }
    return best?.section
  }

  /// Whether the wakeup took less than one and a half times what earlier ones took.
  var isOrdinary: Bool {
    let usual = baseline.total
    return baseline.wakeups >= 5 && sample.latency * 2 < usual * 3
  }

  /// Whether the window is a noise, whose own event has its begin and its end.
  var isNoise: Bool { if case .noise = subject { true } else { false } }

  /// Whether the window is hardly longer than a step of the trace clock.
  var isWithinTick: Bool { clockTick.map { sample.latency < $0 + $0 + $0 } ?? false }

  /// What is worth a finding: a tenth of the latency, at least 2 us.
  public var floor: Nanoseconds {
    max(Nanoseconds(microseconds: 2), Nanoseconds(sample.latency.count / 10))
  }
}

extension CPUTimeline {
  /// The events in `span` (both ends included), found by binary search.
  public func events(in span: TimeSpan) -> ArraySlice<TraceEvent> {
    func bound(_ test: (TraceEvent) -> Bool) -> Int {
      var low = 0
      var high = events.count
      while low < high {
        let middle = (low + high) / 2
        if test(events[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let low = bound { $0.time >= span.start }
    let high = bound { $0.time > span.end }
    return events[low..<max(low, high)]
  }
}
