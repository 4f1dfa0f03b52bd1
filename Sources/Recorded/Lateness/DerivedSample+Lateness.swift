internal import Analysis
internal import TraceModel

extension DerivedSample {
  /// The sample of a stretch that a search for lateness found; nil where its events do not report
  /// it again.
  init?(_ candidate: LatenessCandidate, in source: TraceSource) {
    switch candidate.kind {
    case .wakeup:
      guard !candidate.isOpen else {
        self.init(window: candidate, subject: .wakeup, in: source)
        return
      }
      let waking = candidate.waking ?? candidate.span.start
      self.init(
        LateWakeup(
          task: candidate.victim, priority: candidate.priority, cpu: candidate.cpu,
          start: candidate.span.start, waking: waking, switched: candidate.span.end,
          isTimer: candidate.span.start < waking), threshold: nil, in: source)
    case .irqsOff, .preemptOff: self.init(section: candidate, in: source)
    default:
      guard let kind = candidate.kind.work else { return nil }
      let work = LateWork(
        kind, what: candidate.name(forWork: kind), number: candidate.number,
        origin: candidate.origin, count: candidate.count, isOpen: candidate.isOpen,
        typical: candidate.typical)
      self.init(window: candidate, subject: .lateness(work), in: source)
    }
  }

  private init(window candidate: LatenessCandidate, subject: SpikeSubject, in source: TraceSource) {
    let (timeline, isCut) = Self.timeline(candidate, in: source)
    let value = candidate.priority.value
    // A trace without switches names its tasks in other places.
    let victim =
      candidate.victim.comm.isEmpty ? timeline.task(candidate.victim.pid) : candidate.victim
    let sample = WakeupSample(
      cpu: candidate.cpu, task: victim, policy: nil,
      priority: candidate.isRealtime && value >= 0 ? 99 - value : 0, sequence: 0,
      expiry: candidate.span.start, wake: candidate.span.end, threshold: nil, source: .task)
    self.init(
      sample: sample, timeline: timeline,
      derivation: "\(candidate.kind.text): \(candidate.subject), found in the trace"
        + (isCut ? "; only the events near its ends were read, because there are too many" : ""))
    self.subject = subject
  }

  /// Pages of all CPUs that are decoded in full, 16 MB.
  private static let most = 4_096

  /// A sleep is reported by its two ends; what went on meanwhile may be millions of events.
  private static func timeline(
    _ candidate: LatenessCandidate, in source: TraceSource
  ) -> (Timeline, isCut: Bool) {
    let span = candidate.span
    let reach = Nanoseconds(microseconds: 2_000)
    guard candidate.kind == .blocked, span.length > reach * 50,
      case .pages(let pages) = source.body, pages.pageCount(in: span) > most
    else {
      return (source.timeline(around: span), false)
    }
    var timeline = source.timeline(around: TimeSpan(span.start, span.start + reach))
    let end = source.timeline(around: TimeSpan(span.end - reach, span.end + reach))
    for track in end.cpus {
      guard let index = timeline.cpus.firstIndex(where: { $0.cpu == track.cpu }) else {
        timeline.cpus.append(track)
        continue
      }
      let last = timeline.cpus[index].events.last?.time ?? Nanoseconds(.min)
      timeline.cpus[index].events += track.events.filter { $0.time > last }
      timeline.cpus[index].gaps += track.gaps.filter { $0.span.start >= last }
    }
    return (timeline, true)
  }

  /// The section between two events of the preemptirq system.
  private init?(section candidate: LatenessCandidate, in source: TraceSource) {
    let timeline = source.timeline(around: candidate.span)
    var own = timeline
    let begin = candidate.kind == .irqsOff ? "irq_disable" : "preempt_disable"
    own.cpus = timeline.cpus.filter { $0.cpu == candidate.cpu }.map { track in
      CPUTimeline(
        cpu: track.cpu, events: Array(track.events(in: candidate.span)), gaps: track.gaps)
    }
    guard let found = LatencySection.longest(in: own), found.section.tracer == begin else {
      return nil
    }
    let section = found.section
    let sample = WakeupSample(
      cpu: section.cpu, task: section.task ?? candidate.victim, policy: nil, priority: 0,
      sequence: 0, expiry: section.span.start, wake: section.span.end, threshold: nil,
      source: .tracer)
    self.init(
      sample: sample, timeline: timeline,
      derivation: "the longest section from \(begin) on")
    subject = .section(section)
    measured = section
  }
}

extension LatenessKind {
  /// What the judge calls it; nil for what it knows as a wakeup or a section.
  var work: LateWork.Kind? {
    switch self {
    case .preempted: .preempted
    case .blocked: .blocked
    case .softirq: .softirq
    case .call: .call
    case .work: .work
    case .timer: .timer
    case .handler: .handler
    case .softirqRun: .softirqRun
    case .storm: .storm
    case .stretch: .stretch
    case .wakeup, .irqsOff, .preemptOff: nil
    }
  }
}

extension LatenessCandidate {
  /// The name as the judge wants it: a storm's without its number.
  fileprivate func name(forWork kind: LateWork.Kind) -> String {
    kind == .storm || kind == .handler ? what : name
  }
}
