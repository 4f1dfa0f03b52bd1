public import TraceModel

/// `-o RED`: of each RED cycles of a thread only the first worst is printed.
public struct VerboseReduction: Sendable {
  private let factor: Int
  private var seen = 0
  private var worst: (cycle: UInt64, latency: Nanoseconds)?

  /// Makes a reduction by `factor`; 1 or less passes every cycle on.
  public init(factor: Int) { self.factor = max(1, factor) }

  /// Takes a cycle; gives the one to print when enough were seen.
  public mutating func add(
    cycle: UInt64, latency: Nanoseconds
  ) -> (cycle: UInt64, latency: Nanoseconds)? {
    if worst.map({ latency > $0.latency }) ?? true { worst = (cycle, latency) }
    seen += 1
    guard seen >= factor else { return nil }
    defer {
      seen = 0
      worst = nil
    }
    return worst
  }
}
