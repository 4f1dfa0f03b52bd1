public import TraceModel

/// How fine the clock is that latencies are measured with.
public struct ClockVerdict: Codable, Hashable, Sendable {
  /// The kernel's clock source.
  public var source: String?
  /// clock_getres(2) of CLOCK_MONOTONIC: 1 ns with high-resolution timers, a tick without.
  public var resolution: Nanoseconds
  /// The smallest step between two readings that was seen.
  public var smallestStep: Nanoseconds
  /// The median time between two readings one after the other: what one reading costs.
  public var readingCost: Nanoseconds
  /// Whether a trace clock on the same time base (`mono`) is there, nil where tracefs cannot be
  /// read.
  public var hasTraceClock: Bool?

  /// Memberwise.
  public init(
    source: String?, resolution: Nanoseconds, smallestStep: Nanoseconds, readingCost: Nanoseconds,
    hasTraceClock: Bool?
  ) {
    self.source = source
    self.resolution = resolution
    self.smallestStep = smallestStep
    self.readingCost = readingCost
    self.hasTraceClock = hasTraceClock
  }

  private enum CodingKeys: String, CodingKey {
    case source
    case resolution = "resolution_ns"
    case smallestStep = "smallest_step_ns"
    case readingCost = "reading_cost_ns"
    case hasTraceClock = "has_trace_clock"
  }
}
