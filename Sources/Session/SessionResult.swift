internal import Analysis
public import Measurement
public import Report
public import TraceModel

/// What a run came to.
public struct SessionResult: Sendable {
  /// Why it ended.
  public enum End: Hashable, Sendable {
    /// Every thread did its loops or its time.
    case finished
    /// The last spike that was asked for was taken.
    case hit
    /// A signal.
    case signal(Int32)
  }

  /// One spike that was taken.
  public struct Spike: Sendable {
    /// Its report.
    public var report: SpikeReport
    /// The hit as the engine saw it.
    public var hit: BreakHit
    /// Its bundle, nil where none was wanted or it could not be written.
    public var bundle: String?
    /// How long tracing was off because of it.
    public var deadTime: Nanoseconds
  }

  /// Why it ended.
  public var end: End
  /// Final statistics.
  public var statistics: [ThreadStatistics]
  /// The worst spikes, as many as the plan keeps, in order of time.
  public var spikes: [Spike] = []
  /// All spikes.
  public var table = SpikeTable()
  /// The first hit, also of a run without tracing.
  public var hit: BreakHit?
  /// What could not be restored, one line each; empty is the rule.
  public var leftovers: [String] = []
  /// Errors that did not end the run: threads that failed, bundles that could not be written.
  public var failures: [String] = []
  /// Numbers of the first cycles beyond the histogram, by thread.
  public var overflowCycles: [[UInt64]] = []

  /// Whether the trace of any hit is incomplete.
  public var hasIncompleteTrace: Bool {
    spikes.contains { !$0.report.analysis.trace.isComplete }
  }
}
