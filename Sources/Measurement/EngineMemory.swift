internal import Glibc
internal import Synchronization
internal import TraceModel

/// The words that the control thread and the measuring threads share.
///
/// They are raw memory, because futexes need their addresses and the loop reads one of them. They
/// lie in one page: the loop reads the stop word in every cycle, so that a break finds the page's
/// address translated.
final class EngineMemory: @unchecked Sendable {
  /// Nonzero when the threads are to end.
  let stop: UnsafeMutablePointer<Atomic<UInt32>>
  /// 1 when the threads may leave `prepare()`.
  let go: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that have not finished their set-up.
  let preparing: UnsafeMutablePointer<Atomic<UInt32>>
  /// Threads that have not finished measuring.
  let running: UnsafeMutablePointer<Atomic<UInt32>>
  /// The break; armed anew by `begin()`, before the threads go.
  let trigger: UnsafeMutablePointer<BreakTrigger>
  private let page: UnsafeMutableRawPointer

  private static let pageSize = 4_096
  private static let cacheLine = 64
  /// Where the break keeps what was taken.
  private static let recordOffset = pageSize / 2

  init() {
    page = .allocate(byteCount: Self.pageSize, alignment: Self.pageSize)
    page.initializeMemory(as: UInt8.self, repeating: 0, count: Self.pageSize)
    // A cache line each: the stop word is read in every cycle of every thread.
    let words = (0..<4).map { [page] index in
      let word = (page + index * Self.cacheLine).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
      word.initialize(to: Atomic(0))
      return word
    }
    (stop, go, preparing, running) = (words[0], words[1], words[2], words[3])
    trigger = (page + 4 * Self.cacheLine).bindMemory(to: BreakTrigger.self, capacity: 1)
    trigger.initialize(
      to: BreakTrigger(
        descriptors: BreakDescriptors(), wake: -1, stop: stop, endsAtHit: false,
        record: page + Self.recordOffset))
  }

  /// Replaces the break, which no thread may use yet.
  func arm(_ descriptors: BreakDescriptors, wake: Int32, endsAtHit: Bool) {
    trigger.deinitialize(count: 1)
    trigger.initialize(
      to: BreakTrigger(
        descriptors: descriptors, wake: wake, stop: stop, endsAtHit: endsAtHit,
        record: page + Self.recordOffset))
  }

  deinit {
    trigger.deinitialize(count: 1)
    page.deallocate()
  }
}
