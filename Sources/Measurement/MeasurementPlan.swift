public import TraceModel

/// Everything that a measurement is to do.
public struct MeasurementPlan: Hashable, Sendable {
  /// The clock of expiries and readings.
  public enum Clock: String, Hashable, Sendable {
    /// CLOCK_MONOTONIC, the clock of the trace as well.
    case monotonic
    /// CLOCK_REALTIME; steps of the clock look like latencies.
    case realtime
  }

  /// What the threads do once one of them has taken the break.
  public enum AfterHit: String, Hashable, Sendable {
    /// They end, so statistics stop at the hit; those asleep when `stop()` or `join()` is called,
    /// or at their next wakeup.
    case end
    /// They go on; further hits are taken after `Engine.rearm()`.
    case goOn
  }

  /// How the first expiries of the threads are laid to each other.
  public enum Alignment: Hashable, Sendable {
    /// Each thread starts from its own reading of the clock.
    case none
    /// All start from one reading, thread N `offset * N` later (`-A`).
    case common(offset: Nanoseconds)
    /// All start at a full second plus `offset` (`--secaligned`).
    case fullSecond(offset: Nanoseconds)
  }

  /// The threads; at least one.
  public var threads: [ThreadPlan]
  /// The clock.
  public var clock: Clock = .monotonic
  /// How threads wait.
  public var waitMode: WaitMode = .clockNanosleep
  /// Recorded cycles of each thread, 0 for endless.
  public var loops: UInt64 = 0
  /// No cycle expires this long after the thread's start, or later; nil for endless.
  public var duration: Nanoseconds?
  /// Buckets of 1 us, 0 for no histogram, at most `maximumBuckets`.
  public var histogramBuckets = 0
  /// A latency above (not at) it takes the break; nil for none, never below zero.
  public var breakThreshold: Nanoseconds?
  /// What happens to the threads at a hit.
  public var afterHit: AfterHit = .end
  /// Whether the process's memory is locked with mlockall(2) from `prepare()` to `join()`.
  public var lockMemory = true
  /// What is written to /dev/cpu_dma_latency (us) and held until `join()`; nil leaves the system's.
  public var dmaLatency: Int32? = 0
  /// Where PM QoS takes its value.
  public var dmaLatencyPath = "/dev/cpu_dma_latency"
  /// Cycles before the recorded ones, at most 200 us each; they count in the sequence only.
  public var warmupCycles: UInt64 = 5
  /// Cycles whose latencies `Engine.selfTest` gives, once at the end of `prepare()` and once more
  /// after `begin()`, at most 200 us each: what was switched on in between is their difference.
  /// They count nowhere; at most 1,024.
  public var selfTestCycles: UInt64 = 0
  /// How the first expiries are laid.
  public var alignment: Alignment = .none
  /// Samples that a thread keeps until they are drained, 0 for none; rounded up to a power of two.
  public var sampleCapacity = 0
  /// prctl(PR_SET_TIMERSLACK) of the threads, nil leaves it (it has no effect on real-time
  /// policies).
  public var timerSlack: Nanoseconds?

  /// The largest histogram: 10 s.
  public static let maximumBuckets = 10_000_000
  /// The longest interval, a year: sums of a clock and many intervals stay far from the end of 64
  /// bits.
  public static let longestInterval = Nanoseconds(365 * 86_400_000_000_000)
  /// The longest duration, a century.
  public static let longestDuration = Nanoseconds(36_525 * 86_400_000_000_000)
  /// The longest offset of aligned wakeups, an hour, in us.
  static let longestOffset: Int64 = 3_600_000_000
  /// The largest sample ring.
  public static let maximumSamples = 1 << 24

  /// Makes a plan of defaults for the threads.
  public init(threads: [ThreadPlan]) {
    self.threads = threads
  }

  /// Throws where the plan contradicts itself or names what does not exist.
  public func validate() throws(MeasurementError) {
    func refuse(_ operation: String, _ hint: String) -> MeasurementError {
      MeasurementError(operation: operation, subject: "plan", hint: hint)
    }
    if threads.isEmpty { throw refuse("measure without threads", "use at least one thread") }
    for thread in threads {
      let subject = "thread \(thread.index)"
      func refuse(_ operation: String, _ hint: String) -> MeasurementError {
        MeasurementError(operation: operation, subject: subject, hint: hint)
      }
      if thread.interval <= .zero {
        throw refuse("use an interval of \(thread.interval.count) ns", "expected a time above 0")
      }
      if thread.interval > Self.longestInterval {
        throw refuse(
          "use an interval of \(thread.interval.count) ns", "expected at most one year")
      }
      if thread.affinity?.isEmpty == true {
        throw refuse("run without a CPU", "expected at least one CPU")
      }
      if thread.policy == .deadline {
        throw refuse("use policy deadline", "expected fifo, rr, other, batch or idle")
      }
      if thread.policy.isRealtime, !(1...99).contains(thread.priority) {
        throw refuse(
          "use priority \(thread.priority) with policy \(thread.policy.rawValue)",
          "expected 1 to 99")
      }
      if !thread.policy.isRealtime, thread.priority != 0 {
        throw refuse(
          "use priority \(thread.priority) with policy \(thread.policy.rawValue)",
          "only fifo and rr have priorities")
      }
    }
    if !(0...Self.maximumBuckets).contains(histogramBuckets) {
      throw refuse(
        "keep a histogram of \(histogramBuckets) us", "expected 0 to \(Self.maximumBuckets) us")
    }
    if !(0...Self.maximumSamples).contains(sampleCapacity) {
      throw refuse("keep \(sampleCapacity) samples", "expected 0 to \(Self.maximumSamples)")
    }
    if selfTestCycles > 1_024 {
      throw refuse("run a self-test of \(selfTestCycles) cycles", "expected at most 1024")
    }
    if let breakThreshold, breakThreshold < .zero {
      throw refuse("use a negative threshold", "expected 0 or more")
    }
    if let duration, duration <= .zero {
      throw refuse("measure for no time", "expected at least 1 s")
    }
    if let duration, duration > Self.longestDuration {
      throw refuse("measure for \(duration.count) ns", "expected at most a century")
    }
    if case .common(let offset) = alignment, abs(offset.count / 1_000) > Self.longestOffset {
      throw refuse("align wakeups \(offset.count) ns apart", "expected at most one hour")
    }
    if case .fullSecond(let offset) = alignment, abs(offset.count / 1_000) > Self.longestOffset {
      throw refuse(
        "align wakeups with an offset of \(offset.count) ns", "expected at most one hour")
    }
    if let timerSlack, timerSlack < .zero {
      throw refuse("use a negative timer slack", "expected 0 or more")
    }
    if waitMode == .itimer, threads.count > 1 {
      throw refuse(
        "wait with setitimer in \(threads.count) threads",
        "a process has one such timer; use one thread, or POSIX timers")
    }
  }
}
