public import TraceModel

/// What the tool's own tracing adds to a wake-up, measured on this machine.
public struct ObserverFacts: Codable, Hashable, Sendable {
  /// Median latency with tracing off.
  public var medianOff: Nanoseconds?
  /// Median latency with tracing on.
  public var medianOn: Nanoseconds?
  /// Wake-ups behind each median.
  public var wakeups: Int?

  /// Makes the value.
  public init(
    medianOff: Nanoseconds? = nil, medianOn: Nanoseconds? = nil, wakeups: Int? = nil
  ) {
    self.medianOff = medianOff
    self.medianOn = medianOn
    self.wakeups = wakeups
  }

  /// What tracing adds to the median, never negative; nil where one of the medians is missing.
  public var cost: Nanoseconds? {
    guard let medianOff, let medianOn else { return nil }
    return max(.zero, medianOn - medianOff)
  }

  private enum CodingKeys: String, CodingKey {
    case wakeups
    case medianOff = "median_off_ns"
    case medianOn = "median_on_ns"
  }
}
