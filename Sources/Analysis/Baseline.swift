public import TraceModel

/// What the same stretches cost in earlier wakeups of the same thread.
public struct Baseline: Hashable, Sendable {
  /// How many wakeups it is made of.
  public var wakeups: Int
  private var medians: [Segment.Name: Nanoseconds]

  /// Makes the baseline of the given wakeups.
  public init(_ wakeups: [WakeupTimes]) {
    self.wakeups = wakeups.count
    var lengths: [Segment.Name: [Nanoseconds]] = [:]
    for wakeup in wakeups {
      for segment in wakeup.segments
      where segment.name != .clockRead && segment.name != .unexplained {
        if segment.name == .return, wakeup.returned == nil { continue }
        lengths[segment.name, default: []].append(segment.length)
      }
    }
    medians = lengths.compactMapValues { values in
      values.isEmpty ? nil : values.sorted()[(values.count - 1) / 2]
    }
  }

  /// The median of a segment, nil where the buffer holds no earlier wakeup.
  public func typical(_ name: Segment.Name) -> Nanoseconds? { medians[name] }

  /// The sum of all known medians.
  public var total: Nanoseconds { medians.values.reduce(.zero, +) }
}
