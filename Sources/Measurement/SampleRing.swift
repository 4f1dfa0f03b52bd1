internal import Synchronization
internal import TraceModel

/// Samples between a measuring thread (the only writer) to one reader.
///
/// When it is full new samples are dropped and counted, so that the writer never waits.
struct SampleRing: ~Copyable {
  private let storage: UnsafeMutablePointer<MeasuredSample>
  private let mask: UInt64
  /// Samples that were ever written; the writer's.
  private let written = Atomic<UInt64>(0)
  /// Samples that were ever read; the reader's.
  private let taken = Atomic<UInt64>(0)
  private let dropped = Atomic<UInt64>(0)
  /// Whether samples are kept at all.
  let isUsed: Bool

  /// Makes a ring of at least `capacity` samples and touches its memory.
  init(capacity: Int) {
    isUsed = capacity > 0
    var size = 1
    while size < capacity { size *= 2 }
    mask = UInt64(size - 1)
    storage = .allocate(capacity: size)
    storage.initialize(repeating: MeasuredSample(sequence: 0, latency: .zero), count: size)
  }

  deinit { storage.deallocate() }

  /// Writes a sample, or counts it as lost.
  @_noAllocation @_noLocks @inline(__always)
  func push(_ sequence: UInt64, _ latency: Int64, _ wake: Int64) {
    let position = written.load(ordering: .relaxed)
    if position &- taken.load(ordering: .acquiring) > mask {
      dropped.store(dropped.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    } else {
      let slot = storage + Int(truncatingIfNeeded: position & mask)
      slot.pointee.sequence = sequence
      slot.pointee.latency.count = latency
      slot.pointee.wake.count = wake
      written.store(position &+ 1, ordering: .releasing)
    }
  }

  /// Takes every sample that is there, oldest first.
  func drain(_ body: (MeasuredSample) -> Void) {
    let end = written.load(ordering: .acquiring)
    var position = taken.load(ordering: .relaxed)
    while position != end {
      body(storage[Int(truncatingIfNeeded: position & mask)])
      position &+= 1
      // Given back one by one: a slow reader must not make the writer drop.
      taken.store(position, ordering: .releasing)
    }
  }

  /// Samples that found the ring full so far.
  var lost: UInt64 { dropped.load(ordering: .relaxed) }
}
