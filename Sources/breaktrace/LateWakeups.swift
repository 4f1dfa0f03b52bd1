import Measurement
import Report
import TraceModel

/// Picks the wakeups of `--spike` and `-g` out of the samples.
struct LateWakeups {
  private let spikeThreshold: Nanoseconds?
  private let spikeLimit: Int
  private let overflowThreshold: Nanoseconds?
  private let overflowLimit: Int
  private let interval: Nanoseconds
  private var kept: [LateWakeup] = []
  /// Wakeups above the spike threshold, kept or not.
  private(set) var spikeCount: UInt64 = 0
  /// When latencies were beyond the histogram, by thread; the first ones.
  private(set) var overflows: [[Nanoseconds]]
  /// The first expiry of all threads minus an interval: the start of the measurement.
  private(set) var start = Nanoseconds(.max)

  /// Makes an empty list; nil thresholds pick nothing.
  init(
    threads: Int, interval: Nanoseconds, spikeThreshold: Nanoseconds?, spikeLimit: Int,
    overflowThreshold: Nanoseconds?, overflowLimit: Int
  ) {
    overflows = Array(repeating: [], count: threads)
    self.interval = interval
    self.spikeThreshold = spikeThreshold
    self.spikeLimit = spikeLimit
    self.overflowThreshold = overflowThreshold
    self.overflowLimit = overflowLimit
  }

  /// The kept spikes by time.
  var spikes: [LateWakeup] { kept.sorted { $0.wake < $1.wake } }

  /// Looks at a sample.
  mutating func add(thread: Int, _ sample: MeasuredSample) {
    start = min(start, sample.wake - sample.latency - interval)
    if let spikeThreshold, sample.latency > spikeThreshold {
      spikeCount += 1
      if kept.count < spikeLimit {
        kept.append(LateWakeup(thread: thread, latency: sample.latency, wake: sample.wake))
      }
    }
    if let overflowThreshold, sample.latency >= overflowThreshold,
      overflows[thread].count < overflowLimit
    {
      overflows[thread].append(sample.wake)
    }
  }
}
