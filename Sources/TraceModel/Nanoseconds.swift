/// A point on a monotonic clock, or a span between two points, in nanoseconds.
///
/// The full range of `Int64` is valid; spans may be negative (an early wakeup). Arithmetic wraps
/// nowhere and saturates instead of trapping, because stamps come from untrusted trace files.
public struct Nanoseconds: Hashable, Comparable, Sendable {
  /// The number of nanoseconds.
  public var count: Int64

  /// Makes a value of `count` nanoseconds.
  @inlinable public init(_ count: Int64) { self.count = count }

  /// Makes a value of `microseconds` microseconds, saturated.
  @inlinable public init(microseconds: Int64) {
    let (value, overflow) = microseconds.multipliedReportingOverflow(by: 1_000)
    self.count = overflow ? (microseconds < 0 ? .min : .max) : value
  }

  /// The span of no length, or the clock's start.
  public static let zero = Nanoseconds(0)

  /// Whole microseconds, rounded towards zero.
  @inlinable public var microseconds: Int64 { count / 1_000 }

  /// Whether `a` is before, or shorter than, `b`.
  @inlinable public static func < (a: Nanoseconds, b: Nanoseconds) -> Bool { a.count < b.count }

  /// The sum, saturated.
  @inlinable public static func + (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds {
    let (value, overflow) = a.count.addingReportingOverflow(b.count)
    return Nanoseconds(overflow ? (b.count < 0 ? .min : .max) : value)
  }

  /// The difference, saturated.
  @inlinable public static func - (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds {
    let (value, overflow) = a.count.subtractingReportingOverflow(b.count)
    return Nanoseconds(overflow ? (b.count > 0 ? .min : .max) : value)
  }

  /// The multiple, saturated.
  @inlinable public static func * (a: Nanoseconds, factor: Int64) -> Nanoseconds {
    let (value, overflow) = a.count.multipliedReportingOverflow(by: factor)
    return Nanoseconds(overflow ? ((a.count < 0) == (factor < 0) ? .max : .min) : value)
  }

  /// Adds in place, saturated.
  @inlinable public static func += (a: inout Nanoseconds, b: Nanoseconds) { a = a + b }
  /// Subtracts in place, saturated.
  @inlinable public static func -= (a: inout Nanoseconds, b: Nanoseconds) { a = a - b }
}

/// A half-open span of time `[start, end)`.
public struct TimeSpan: Hashable, Sendable {
  /// First nanosecond inside.
  public var start: Nanoseconds
  /// First nanosecond after; never before `start`.
  public var end: Nanoseconds

  /// Makes a span; an `end` before `start` is taken as an empty span at `start`.
  @inlinable public init(_ start: Nanoseconds, _ end: Nanoseconds) {
    self.start = start
    self.end = max(start, end)
  }

  /// The span's length, never negative.
  @inlinable public var length: Nanoseconds { end - start }

  /// The part that lies in `other` too, or nil where they do not overlap.
  @inlinable public func clipped(to other: TimeSpan) -> TimeSpan? {
    let low = max(start, other.start)
    let high = min(end, other.end)
    return low < high ? TimeSpan(low, high) : nil
  }

  /// Whether `time` lies in the span.
  @inlinable public func contains(_ time: Nanoseconds) -> Bool { start <= time && time < end }
}
