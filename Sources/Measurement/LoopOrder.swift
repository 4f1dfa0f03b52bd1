/// What a loop is to do, as plain numbers: nothing of the plan is looked at once the loop runs.
struct LoopOrder {
  /// Cycles of the self-test.
  var selfTestCycles: UInt64
  /// Cycles before the recorded ones.
  var warmupCycles: UInt64
  /// How the recorded cycles wait.
  var mode: WaitMode
  /// ns between two expiries of recorded cycles.
  var interval: Int64
  /// Recorded cycles, `UInt64.max` for endless.
  var cycles: UInt64
  /// ns from the start after which no cycle expires, `Int64.max` for endless.
  var duration: Int64
  /// A latency in ns above it takes the break, `Int64.max` for none.
  var threshold: Int64
  /// The start in ns that the threads share, or `notAligned`; written before the threads go.
  var alignedStart: UnsafeMutablePointer<Int64>

  /// The thread starts when it likes.
  static var notAligned: Int64 { .min }

  /// The time from which the first interval counts: the shared one, moved by whole intervals where
  /// it has passed, or now.
  @_noAllocation @_noLocks
  func start(now: Int64) -> Int64 {
    let shared = alignedStart.pointee
    if shared == .min { return now }
    let late = now > shared ? now &- shared : 0
    return shared &+ late / interval &* interval
  }
}
