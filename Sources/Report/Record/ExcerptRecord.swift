import Analysis
import TraceModel

/// A line of the excerpt; one that stands for left-out events has only `omitted`.
struct ExcerptRecord: Encodable, Hashable, Sendable {
  var offset: Nanoseconds?
  var cpu: Int?
  var task: String?
  var flags: String?
  var text: String?
  var evidence: Bool?
  var omitted: Int?

  private enum CodingKeys: String, CodingKey {
    case cpu, task, flags, text, evidence, omitted
    case offset = "offset_ns"
  }

  init(_ line: ExcerptLine, in analysis: SpikeAnalysis) {
    guard let event = line.event else {
      omitted = line.omitted
      return
    }
    offset = event.time - analysis.sample.expiry
    cpu = event.cpu
    task = line.task.text
    flags = event.context.column
    text =
      StackText.text(of: event, in: analysis)
      + (line.isMade ? " [made from line \(event.position)]" : "")
    evidence = line.isEvidence
  }
}

/// The stack of the interrupted code.
struct StackRecord: Encodable, Hashable, Sendable {
  struct Frame: Encodable, Hashable, Sendable {
    var address: String?
    var symbol: String
    var offset: UInt64?
    var module: String?
    var text: String
  }

  var cpu: Int?
  var task: String?
  var foldedFrames: Int
  /// Empty where the interrupt stopped user space.
  var frames: [Frame]

  private enum CodingKeys: String, CodingKey {
    case cpu, task, frames
    case foldedFrames = "folded_frames"
  }

  /// nil where the trace has no stack of the wakeup.
  init?(_ analysis: SpikeAnalysis) {
    guard !analysis.stack.isEmpty || analysis.foldedFrames > 0 else { return nil }
    if let event = analysis.times.stackEvent {
      cpu = event.cpu
      let known = analysis.excerpt.first { $0.event?.pid == event.pid }?.task
      task = (known ?? TaskIdentity(pid: event.pid, comm: "")).text
    }
    foldedFrames = analysis.foldedFrames
    frames = analysis.stack.map { frame in
      Frame(
        address: frame.address == 0 ? nil : "0x" + String(frame.address, radix: 16),
        symbol: frame.symbol, offset: frame.offset, module: frame.module, text: frame.text)
    }
  }
}

/// A latency tracer's section with its part of the window.
struct TracerRecord: Encodable, Hashable, Sendable {
  var section: TracerSection
  var offset: Nanoseconds
  var overlap: Nanoseconds
  var share: Share?

  private enum CodingKeys: String, CodingKey {
    case share
    case offset = "offset_ns"
    case overlap = "overlap_ns"
  }

  /// nil where the section does not touch the window: it then says nothing of this spike.
  init?(_ section: TracerSection, window: TimeSpan) {
    let span = TimeSpan(section.start, section.start + section.length)
    guard let common = span.clipped(to: window) else { return nil }
    self.section = section
    offset = section.start - window.start
    overlap = common.length
    share = Share(of: common.length, in: section.length)
  }

  func encode(to encoder: any Encoder) throws {
    try section.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(share, forKey: .share)
    try container.encode(offset, forKey: .offset)
    try container.encode(overlap, forKey: .overlap)
  }
}

/// The `trace` object of the JSON schema.
struct TraceRecord: Encodable, Hashable, Sendable {
  struct Gap: Encodable, Hashable, Sendable {
    var offset: Nanoseconds
    var length: Nanoseconds
    var lost: UInt64?
    var text: String
    /// Whether something could not be read, not lost by the writer.
    var isDamaged: Bool

    private enum CodingKeys: String, CodingKey {
      case lost, text
      case offset = "offset_ns"
      case length = "ns"
    }
  }

  struct CPU: Encodable, Hashable, Sendable {
    var counters: TraceFacts.PerCPU
    /// The buffer's oldest stamp relative to the window's start; negative where it reaches back.
    var oldestOffset: Nanoseconds?

    private enum CodingKeys: String, CodingKey {
      case oldestOffset = "oldest_offset_ns"
    }

    func encode(to encoder: any Encoder) throws {
      try counters.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(oldestOffset, forKey: .oldestOffset)
    }
  }

  var clock: String
  var eventsInWindow: Int
  var lostInWindow: UInt64
  var coversWindow: Bool
  var complete: Bool
  var gaps: [Gap]
  var recording: TraceFacts?
  var cpus: [CPU]
  /// When tracing was switched on again, relative to the expiry.
  var switchedOn: Nanoseconds?
  /// What a CPU of the wakeup never wrote, nil for nothing.
  var unseen: [String]?

  private enum CodingKeys: String, CodingKey {
    case clock, complete, gaps, recording, cpus, unseen
    case switchedOn = "switched_on_offset_ns"
    case eventsInWindow = "events_in_window"
    case lostInWindow = "lost_in_window"
    case coversWindow = "covers_window"
  }

  init(_ health: TraceHealth, sample: WakeupSample, facts: TraceFacts?) {
    clock = health.clock
    eventsInWindow = health.eventsInWindow
    lostInWindow = health.lostInWindow
    coversWindow = health.coversWindow
    complete = health.isComplete
    switchedOn = health.switchedOn.map { $0 - sample.expiry }
    unseen = health.unseen.isEmpty ? nil : health.unseen
    gaps = health.gaps.map { gap in
      var lost: UInt64?
      var text = "events were lost"
      switch gap.cause {
      case .lostEvents(let count): lost = count
      case .damaged(let what): text = "damaged: \(what)"
      }
      return Gap(
        offset: gap.span.start - sample.expiry, length: gap.span.length, lost: lost, text: text,
        isDamaged: gap.isDamaged)
    }
    cpus = (facts?.cpus ?? []).map { counters in
      CPU(counters: counters, oldestOffset: counters.oldest.map { $0 - sample.expiry })
    }
    recording = facts
    recording?.cpus = []
  }
}
