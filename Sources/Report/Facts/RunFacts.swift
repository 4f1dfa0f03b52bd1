public import TraceModel

/// The measuring run: what was asked for and what came of it.
public struct RunFacts: Codable, Hashable, Sendable {
  /// Version of the program that measured.
  public var version: String
  /// Its command line, words quoted as a shell needs them.
  public var commandLine: String?
  /// The command that made the load, if breaktrace started one or was given one.
  public var loadCommand: String?
  /// Start of the measurement: UTC, ISO 8601 (`2026-02-03T04:05:06Z`).
  public var started: String?
  /// Base interval of the threads.
  public var interval: Nanoseconds?
  /// The threshold.
  public var threshold: Nanoseconds?
  /// The measuring threads.
  public var threads: [ThreadRecord]
  /// Measured time, warm-up excluded.
  public var duration: Nanoseconds?
  /// Recorded cycles of all threads.
  public var samples: UInt64
  /// Smallest latency of all threads, nil without samples.
  public var minimum: Nanoseconds?
  /// Mean latency of all threads, rounded towards zero, nil without samples.
  public var average: Nanoseconds?
  /// Largest latency of all threads, nil without samples.
  public var maximum: Nanoseconds?
  /// Latencies over the threshold, nil where there was none.
  public var spikes: UInt64?
  /// `spikes` an hour of measured time, rounded.
  public var spikesAnHour: UInt64?
  /// The histogram's file, relative to the bundle where it lies in it.
  public var histogramFile: String?
  /// The value held in /dev/cpu_dma_latency, nil where the system's was left alone.
  public var dmaLatencyHeld: Nanoseconds?

  /// Makes the facts of a run; sums over the threads are taken from their statistics.
  public init(
    version: String, commandLine: String? = nil, loadCommand: String? = nil,
    started: String? = nil, interval: Nanoseconds? = nil, threshold: Nanoseconds? = nil,
    threads: [ThreadStatistics] = [], duration: Nanoseconds? = nil, spikes: UInt64? = nil,
    histogramFile: String? = nil, dmaLatencyHeld: Nanoseconds? = nil
  ) {
    self.version = version
    self.commandLine = commandLine
    self.loadCommand = loadCommand
    self.started = started
    self.interval = interval
    self.threshold = threshold
    self.threads = threads.map(ThreadRecord.init)
    self.duration = duration
    self.spikes = spikes
    self.histogramFile = histogramFile
    self.dmaLatencyHeld = dmaLatencyHeld
    let measured = threads.filter { $0.cycles > 0 }
    samples = measured.reduce(0) { $0 &+ $1.cycles }
    minimum = measured.map(\.minimum).min()
    maximum = measured.map(\.maximum).max()
    if samples > 0 {
      let sum = measured.reduce(Nanoseconds.zero) { $0 + $1.sum }
      average = Nanoseconds(sum.count / Int64(clamping: samples))
    }
    if let spikes, let duration, duration > .zero {
      let hours = Double(duration.count) / 3.6e12
      spikesAnHour = UInt64(exactly: (Double(spikes) / hours).rounded())
    }
  }

  private enum CodingKeys: String, CodingKey {
    case version, started, threads, samples, spikes
    case commandLine = "command_line"
    case loadCommand = "load_command"
    case interval = "interval_ns"
    case threshold = "threshold_ns"
    case duration = "duration_ns"
    case minimum = "min_ns"
    case average = "avg_ns"
    case maximum = "max_ns"
    case spikesAnHour = "spikes_an_hour"
    case histogramFile = "histogram_file"
    case dmaLatencyHeld = "dma_latency_held_ns"
  }
}
