public import Measurement
public import Report
public import TraceModel

/// What a run reports while it goes on; all are called on the control thread, never on a measuring
/// one.
public struct SessionObserver {
  /// The threads' statistics, every `SessionPlan.progressInterval`.
  public var progress: ([ThreadStatistics]) -> Void = { _ in }
  /// Samples of a thread since the last call, and how many were lost since the start.
  public var samples: (_ thread: Int, [MeasuredSample], _ lost: UInt64) -> Void = { _, _, _ in }
  /// A spike has been explained; its bundle is not written yet.
  public var spike: (SpikeReport) -> Void = { _ in }
  /// A bundle has been written.
  public var bundle: (_ path: String) -> Void = { _ in }
  /// Something the user should know that does not end the run.
  public var remark: (String) -> Void = { _ in }
  /// Whether a signal of the user (SIGUSR1) asks for a summary now.
  public var summaryRequested: ([ThreadStatistics]) -> Void = { _ in }

  /// Makes an observer that ignores everything.
  public init() {}
}
