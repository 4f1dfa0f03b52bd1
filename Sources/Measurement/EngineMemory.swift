internal import Glibc
internal import Synchronization
internal import TraceModel

/// The words that the control thread and the measuring threads share.
///
/// They are raw memory, because futexes need their addresses and the loop reads one of them.
final class EngineMemory: @unchecked Sendable {
  /// Nonzero when the threads are to end.
  let stop: UnsafeMutablePointer<Atomic<UInt32>>
  /// 1 when the threads may leave `prepare()`.
  let go: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that have not finished their set-up.
  let preparing: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that have not finished measuring.
  let running: UnsafeMutablePointer<Atomic<UInt32>>
  /// The break; made anew by `begin()`, before the threads go.
  let trigger: UnsafeMutablePointer<BreakTrigger>
  private let words: UnsafeMutablePointer<Atomic<UInt32>>

  init() {
    // A cache line each: the stop word is read in every cycle of every thread.
    let stride = 16
    words = .allocate(capacity: 4 * stride)
    for index in 0..<4 * stride { (words + index).initialize(to: Atomic(0)) }
    stop = words
    go = words + stride
    preparing = words + 2 * stride
    running = words + 3 * stride
    trigger = .allocate(capacity: 1)
    trigger.initialize(
      to: BreakTrigger(descriptors: BreakDescriptors(), wake: -1, stop: stop, endsAtHit: false))
  }

  deinit {
    trigger.deinitialize(count: 1)
    trigger.deallocate()
    words.deallocate()
  }
}
