import Measurement
import TraceModel

/// The times in which a normal task did not get its CPU, and whether they are those of throttling.
struct ThrottleGaps: Hashable, Sendable {
  /// One such time.
  struct Gap: Hashable, Sendable {
    /// When the task wanted the CPU.
    var start: Nanoseconds
    /// How long it waited.
    var length: Nanoseconds
  }

  /// The shortest wait that counts.
  let limit: Nanoseconds
  /// The waits in order of time.
  private(set) var gaps: [Gap] = []
  private var first: Nanoseconds?
  private var last: Nanoseconds?

  /// Memberwise.
  init(limit: Nanoseconds) {
    self.limit = limit
  }

  /// Looks at a sample of the task.
  mutating func add(_ sample: MeasuredSample) {
    if first == nil { first = sample.wake - sample.latency }
    last = sample.wake
    if sample.latency >= limit {
      gaps.append(Gap(start: sample.wake - sample.latency, length: sample.latency))
    }
  }

  /// The time from the first to the last sample.
  var span: Nanoseconds {
    guard let first, let last else { return .zero }
    return last - first
  }

  /// The share of the time that was left to normal tasks, 0...1; nil without samples.
  var share: Double? {
    guard span > .zero else { return nil }
    let waited = gaps.reduce(Nanoseconds.zero) { $0 + $1.length }
    return max(0, 1 - Double(waited.count) / Double(span.count))
  }

  /// The middle one of the waits, nil without one.
  var typicalLength: Nanoseconds? { Self.middle(gaps.map(\.length)) }

  /// The middle distance from the start of a wait to the next, nil for fewer than two.
  var typicalPeriod: Nanoseconds? {
    Self.middle(zip(gaps.dropFirst(), gaps).map { $0.start - $1.start })
  }

  /// The waits of that length or longer alone: those for other normal tasks are shorter.
  func longer(than length: Nanoseconds) -> ThrottleGaps {
    var long = self
    long.gaps = gaps.filter { $0.length >= length }
    return long
  }

  /// Whether waits come with the period of throttling: at least two distances, the middle one
  /// within a tenth.
  func repeats(every period: Nanoseconds) -> Bool {
    guard gaps.count >= 3, let typicalPeriod else { return false }
    return abs(typicalPeriod.count - period.count) * 10 <= period.count
  }

  private static func middle(_ values: [Nanoseconds]) -> Nanoseconds? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
