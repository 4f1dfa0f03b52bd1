public import TraceModel

/// What the tool's own tracing adds to a wakeup, measured on this machine.
public struct ObserverFacts: Codable, Hashable, Sendable {
  /// Median latency with tracing off.
  public var medianOff: Nanoseconds?
  /// Median latency with tracing on.
  public var medianOn: Nanoseconds?
  /// A quarter of the latencies with tracing off are not above it.
  public var quartileOff: Nanoseconds?
  /// A quarter of the latencies with tracing on are not above it.
  public var quartileOn: Nanoseconds?
  /// Wakeups after each median.
  public var wakeups: Int?
  /// Median time of writing one line to `trace_marker`: a system call and one event.
  public var markerWrite: Nanoseconds?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    medianOff: Nanoseconds? = nil, medianOn: Nanoseconds? = nil, wakeups: Int? = nil
  ) {
    self.medianOff = medianOff
    self.medianOn = medianOn
    self.wakeups = wakeups
  }

  /// The most that tracing can add to a wakeup, in lines of `trace_marker`: a wakeup has about 15
  /// events and a stack.
  static let mostEvents: Int64 = 64

  /// What tracing adds to the median, never negative; nil where one of the medians is missing, or
  /// where they differ by more than the events of a wakeup can cost: then something else ran in
  /// one of the two halves.
  ///
  /// What else the machine did in one of the two halves is not the tracing's: where the lower
  /// quartiles differ by less than the medians, theirs is the difference that counts.
  public var cost: Nanoseconds? {
    guard let medianOff, let medianOn else { return nil }
    var difference = medianOn - medianOff
    if let quartileOff, let quartileOn { difference = min(difference, quartileOn - quartileOff) }
    if let markerWrite, difference.count / Self.mostEvents > markerWrite.count { return nil }
    return max(.zero, difference)
  }

  private enum CodingKeys: String, CodingKey {
    case wakeups
    case medianOff = "median_off_ns"
    case medianOn = "median_on_ns"
    case quartileOff = "lower_quartile_off_ns"
    case quartileOn = "lower_quartile_on_ns"
    case markerWrite = "marker_write_ns"
  }
}
