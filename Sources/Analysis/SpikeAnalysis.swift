public import TraceModel

/// The verdict on one spike: all that a report says of it, as values.
public struct SpikeAnalysis: Hashable, Sendable {
  /// The late wakeup.
  public internal(set) var sample: WakeupSample
  /// The CPU whose events explain it.
  public internal(set) var cpu: Int
  /// Its times.
  public internal(set) var times: WakeupTimes
  /// Its segments; their lengths sum to the latency.
  public internal(set) var segments: [Segment]
  /// The main cause.
  public internal(set) var culprit: Finding
  /// The other causes, and what no rule explains; with the culprit their times sum to the latency.
  public internal(set) var contributors: [Finding]
  /// Causes that were looked at and do not hold.
  public internal(set) var refuted: [Refutation]
  /// Causes that the evidence neither shows nor rules out.
  public internal(set) var open: [OpenRival]
  /// Net times on the CPU in the window.
  public internal(set) var ran: [RanEntry]
  /// The part of the trace that shows it.
  public internal(set) var excerpt: [ExcerptLine]
  /// The stack of the interrupted context, innermost frame first; empty where there is none.
  public internal(set) var stack: [CodeLocation]
  /// Number of the frames before `stack` that belong to the interrupt.
  public internal(set) var foldedFrames: Int
  /// What the trace was worth.
  public internal(set) var trace: TraceHealth
  /// Number of earlier wakeups that the typical values come from.
  public internal(set) var baselineWakeups: Int
  /// What the window is.
  public internal(set) var subject = SpikeSubject.wakeup
  /// The threads of other CPUs that were late in the same cycle, one for each CPU.
  public internal(set) var lateTogether: [LatePeer] = []
}

/// How complete the trace of a window is.
public struct TraceHealth: Hashable, Sendable {
  /// The trace clock.
  public var clock: String
  /// Events of all CPUs in the window.
  public var eventsInWindow: Int
  /// Events known to be lost in the window; at least 1 where only the fact is known.
  public var lostInWindow: UInt64
  /// Gaps that touch the window.
  public var gaps: [TimelineGap]
  /// Whether the CPU's buffer reaches back to the expiry.
  public var coversWindow: Bool
  /// When tracing was switched on again after the expiry, nil where the trace begins late for
  /// another reason or reaches back to it.
  public var switchedOn: Nanoseconds?
  /// What was recorded in general, but never on a CPU that mattered, one clause each.
  public var unseen: [String] = []

  /// Whether every event of the window is there.
  public var isComplete: Bool { lostInWindow == 0 && coversWindow && gaps.isEmpty }

  /// Memberwise.
  public init(
    clock: String, eventsInWindow: Int, lostInWindow: UInt64, gaps: [TimelineGap],
    coversWindow: Bool
  ) {
    self.clock = clock
    self.eventsInWindow = eventsInWindow
    self.lostInWindow = lostInWindow
    self.gaps = gaps
    self.coversWindow = coversWindow
  }
}
