internal import Synchronization
internal import TraceModel

/// The statistics of one thread: one writer (the thread), any number of readers.
///
/// `generation` is odd while a cycle is being written and grows by two a cycle, so it is the count
/// of cycles as well; a reader that finds it even and unchanged has a consistent copy.
struct Recorder: ~Copyable {
  private let generation = Atomic<UInt64>(0)
  private let minimum = Atomic<Int64>(.max)
  private let latest = Atomic<Int64>(0)
  private let maximum = Atomic<Int64>(.min)
  private let sum = Atomic<Int64>(0)
  private let overflows = Atomic<UInt64>(0)
  private let early = Atomic<UInt64>(0)
  private let overruns = Atomic<UInt64>(0)
  private let buckets: UInt64
  private let histogram: UnsafeMutablePointer<Atomic<UInt64>>
  /// The numbers of the first cycles that overflowed, as many as there are buckets.
  private let overflowCycles: UnsafeMutablePointer<Atomic<UInt64>>
  /// Samples for the reader.
  let ring: SampleRing

  /// Makes empty statistics and touches all of their memory.
  init(buckets: Int, sampleCapacity: Int) {
    self.buckets = UInt64(buckets)
    histogram = .allocate(capacity: max(1, buckets))
    overflowCycles = .allocate(capacity: max(1, buckets))
    for index in 0..<max(1, buckets) {
      (histogram + index).initialize(to: Atomic(0))
      (overflowCycles + index).initialize(to: Atomic(0))
    }
    ring = SampleRing(capacity: sampleCapacity)
  }

  deinit {
    histogram.deallocate()
    overflowCycles.deallocate()
  }

  // MARK: the measuring thread

  /// Counts a cycle that read its clock at `wake`.
  @_noAllocation @_noLocks @inline(__always)
  func record(_ latency: Int64, sequence: UInt64, wake: Int64) {
    let generation = self.generation.load(ordering: .relaxed)
    self.generation.store(generation &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    latest.store(latency, ordering: .relaxed)
    sum.store(sum.load(ordering: .relaxed) &+ latency, ordering: .relaxed)
    if latency < minimum.load(ordering: .relaxed) { minimum.store(latency, ordering: .relaxed) }
    if latency > maximum.load(ordering: .relaxed) { maximum.store(latency, ordering: .relaxed) }
    if latency < 0 { add(1, to: early) }
    if buckets != 0 { count(latency, cycle: generation >> 1) }
    self.generation.store(generation &+ 2, ordering: .releasing)
    if ring.isUsed { ring.push(sequence, latency, wake) }
  }

  @_noAllocation @_noLocks @inline(__always)
  private func count(_ latency: Int64, cycle: UInt64) {
    // Early wakeups belong to bucket 0.
    let bucket = latency < 0 ? 0 : UInt64(truncatingIfNeeded: latency) / 1_000
    if bucket < buckets {
      add(1, to: histogram[Int(truncatingIfNeeded: bucket)])
    } else {
      overflow(cycle)
    }
  }

  @_noAllocation @_noLocks @inline(never)
  private func overflow(_ cycle: UInt64) {
    let number = overflows.load(ordering: .relaxed)
    if number < buckets {
      overflowCycles[Int(truncatingIfNeeded: number)].store(cycle, ordering: .relaxed)
    }
    overflows.store(number &+ 1, ordering: .relaxed)
  }

  /// Counts cycles whose expiry had passed before the thread could wait for it.
  @_noAllocation @_noLocks @inline(__always)
  func addOverruns(_ number: UInt64) {
    add(number, to: overruns)
  }

  @_noAllocation @_noLocks @inline(__always)
  private func add(_ number: UInt64, to counter: borrowing Atomic<UInt64>) {
    // One writer: no locked instruction is needed.
    counter.store(counter.load(ordering: .relaxed) &+ number, ordering: .relaxed)
  }

  // MARK: readers

  /// Fills the counts of `statistics`.
  ///
  /// With a large histogram and a short interval no reading may come between two cycles; then the
  /// last one is taken, in which counts may differ by the cycles of its copying.
  func read(into statistics: inout ThreadStatistics) {
    for _ in 0..<8 {
      let before = generation.load(ordering: .acquiring)
      copy(into: &statistics, generation: before)
      atomicMemoryFence(ordering: .acquiring)
      if before & 1 == 0, generation.load(ordering: .relaxed) == before { return }
    }
  }

  private func copy(into statistics: inout ThreadStatistics, generation: UInt64) {
    let cycles = generation >> 1
    statistics.cycles = cycles
    statistics.minimum = cycles == 0 ? .zero : Nanoseconds(minimum.load(ordering: .relaxed))
    statistics.maximum = cycles == 0 ? .zero : Nanoseconds(maximum.load(ordering: .relaxed))
    statistics.latest = Nanoseconds(latest.load(ordering: .relaxed))
    statistics.sum = Nanoseconds(sum.load(ordering: .relaxed))
    statistics.overflows = overflows.load(ordering: .relaxed)
    statistics.early = early.load(ordering: .relaxed)
    statistics.overruns = overruns.load(ordering: .relaxed)
    statistics.histogram = (0..<Int(buckets)).map { histogram[$0].load(ordering: .relaxed) }
  }

  /// The numbers of the first recorded cycles (from 0) that were beyond the histogram.
  func firstOverflowCycles() -> [UInt64] {
    let number = Int(min(overflows.load(ordering: .relaxed), buckets))
    return (0..<number).map { overflowCycles[$0].load(ordering: .relaxed) }
  }
}
