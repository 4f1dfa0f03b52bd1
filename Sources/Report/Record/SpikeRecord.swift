import Analysis
import TraceModel

/// The `spike` object of the JSON schema.
struct SpikeRecord: Encodable, Hashable, Sendable {
  var cpu: Int
  /// CPU whose events explain it; differs from `cpu` where the thread was moved.
  var explainedCPU: Int
  var tid: Int32
  var comm: String
  var policy: SchedulingPolicy?
  var priority: Int32
  var sequence: UInt64
  var expiry: Nanoseconds
  var latency: Nanoseconds
  var threshold: Nanoseconds?
  var source: String
  var subject: String
  var headline: String
  var impact: ImpactRecord
  var segments: [SegmentRecord]
  var culprit: CulpritRecord
  var contributors: [CulpritRecord]
  var ran: [RanRecord]
  var excerpt: [ExcerptRecord]
  var stack: StackRecord?
  var tracerSection: TracerRecord?
  var trace: TraceRecord
  /// What was measured where that is not a wakeup; nil for a wakeup. Not in the JSON.
  var measured: String?

  private enum CodingKeys: String, CodingKey {
    case cpu, tid, comm, policy, priority, sequence, source, subject, headline, impact, segments
    case culprit, contributors, ran, excerpt, stack, trace
    case explainedCPU = "explained_cpu"
    case expiry = "expiry_ns"
    case latency = "latency_ns"
    case threshold = "threshold_ns"
    case tracerSection = "tracer_section"
  }

  init(_ analysis: SpikeAnalysis, facts: ReportFacts) {
    let sample = analysis.sample
    cpu = sample.cpu
    explainedCPU = analysis.cpu
    tid = sample.task.pid
    comm = sample.task.comm
    policy = sample.policy
    priority = sample.priority
    sequence = sample.sequence
    expiry = sample.expiry
    latency = sample.latency
    threshold = sample.threshold
    source = sample.source.rawValue
    segments = analysis.segments.map { SegmentRecord($0, latency: sample.latency) }
    culprit = CulpritRecord(
      analysis.culprit, refuted: analysis.refuted, open: analysis.open, in: analysis)
    contributors = analysis.contributors.map { CulpritRecord($0, in: analysis) }
    ran = analysis.ran.map { RanRecord($0, latency: sample.latency) }
    excerpt = analysis.excerpt.map { ExcerptRecord($0, in: analysis) }
    stack = StackRecord(analysis)
    tracerSection = facts.tracerSection.flatMap { TracerRecord($0, window: sample.window) }
    trace = TraceRecord(analysis.trace, sample: sample, facts: facts.trace)
    impact = ImpactRecord(analysis, run: facts.run)
    let wording = Wording(analysis)
    measured = Wording.measured(analysis)
    subject = wording.subject
    headline = wording.headline
  }

  var window: TimeSpan { TimeSpan(expiry, expiry + latency) }
}

/// What the spike means against the limit, the interval and the usual wakeup.
struct ImpactRecord: Encodable, Hashable, Sendable {
  var overLimit: Nanoseconds?
  var interval: Nanoseconds?
  var missedCycles: Int64?
  var typical: Nanoseconds?
  var baselineWakeups: Int
  /// Nil where nobody else was late.
  var lateTogether: [LateRecord]?
  /// The same as a sentence; not in the JSON.
  var together: String?

  private enum CodingKeys: String, CodingKey {
    case lateTogether = "late_together"
    case overLimit = "over_limit_ns"
    case interval = "interval_ns"
    case missedCycles = "missed_cycles"
    case typical = "typical_ns"
    case baselineWakeups = "baseline_wakeups"
  }

  init(_ analysis: SpikeAnalysis, run: RunFacts?) {
    let sample = analysis.sample
    overLimit = sample.threshold.map { sample.latency - $0 }
    interval =
      run?.threads.first { $0.tid == sample.task.pid }?.interval ?? run?.interval
    if let interval, interval > .zero, sample.latency >= .zero {
      missedCycles = sample.latency.count / interval.count
    }
    let known = analysis.segments.compactMap(\.typical)
    typical = known.isEmpty ? nil : known.reduce(.zero, +)
    baselineWakeups = analysis.baselineWakeups
    let peers = analysis.lateTogether
    lateTogether = peers.isEmpty ? nil : peers.map(LateRecord.init)
    together = LatePeer.text(peers, cpu: sample.cpu).map {
      "Several threads were \($0). One cause may have delayed all of them."
    }
  }
}

/// A thread of another CPU that was late in the same cycle.
struct LateRecord: Encodable, Hashable, Sendable {
  var cpu: Int
  var tid: Int32
  var comm: String
  var latency: Nanoseconds

  private enum CodingKeys: String, CodingKey {
    case cpu, tid, comm
    case latency = "latency_ns"
  }

  init(_ peer: LatePeer) {
    cpu = peer.cpu
    tid = peer.task.pid
    comm = peer.task.comm
    latency = peer.length
  }
}

struct SegmentRecord: Encodable, Hashable, Sendable {
  var name: String
  var length: Nanoseconds
  var typical: Nanoseconds?
  var share: Share?

  private enum CodingKeys: String, CodingKey {
    case name, share
    case length = "ns"
    case typical = "typical_ns"
  }

  init(_ segment: Segment, latency: Nanoseconds) {
    name = segment.name.rawValue
    length = segment.length
    typical = segment.typical
    share = Share(of: segment.length, in: latency)
  }
}

struct RanRecord: Encodable, Hashable, Sendable {
  var kind: String
  var name: String
  var pid: Int32?
  var priority: Int32?
  var priorityText: String?
  var net: Nanoseconds
  var count: Int
  var share: Share?

  private enum CodingKeys: String, CodingKey {
    case kind, name, pid, priority, count, share
    case priorityText = "priority_text"
    case net = "ns"
  }

  init(_ entry: RanEntry, latency: Nanoseconds) {
    kind = entry.occupant.kind
    name = entry.occupant.name
    net = entry.net
    count = entry.count
    share = Share(of: entry.net, in: latency)
    if case .task(let task, let value) = entry.occupant {
      pid = task.pid
      priority = value?.value
      priorityText = value?.text
    }
  }
}
