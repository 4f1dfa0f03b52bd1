/// Receives rows and remarks during the recording, on the thread that runs it.
public struct RunQueueObserver {
  /// Everything is armed: rows may come from here on.
  public var started: () -> Void
  /// Rows: waits of at least the threshold, in order of their end.
  public var waits: ([RunQueueWait]) -> Void
  /// Work items and softirqs.
  public var deferred: ([DeferredWait]) -> Void
  /// Threads under two names.
  public var warnings: ([IdentityWarning]) -> Void
  /// The state so far.
  public var progress: (RunQueueSummary) -> Void
  /// Remarks for the user.
  public var remark: (String) -> Void

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    started: @escaping () -> Void = {},
    waits: @escaping ([RunQueueWait]) -> Void = { _ in },
    deferred: @escaping ([DeferredWait]) -> Void = { _ in },
    warnings: @escaping ([IdentityWarning]) -> Void = { _ in },
    progress: @escaping (RunQueueSummary) -> Void = { _ in },
    remark: @escaping (String) -> Void = { _ in }
  ) {
    self.started = started
    self.waits = waits
    self.deferred = deferred
    self.warnings = warnings
    self.progress = progress
    self.remark = remark
  }

  /// Takes what the replay has ready and passes it on.
  public func give(_ replay: inout RunQueueReplay) {
    let rows = replay.takeWaits()
    if !rows.isEmpty { waits(rows) }
    let deferred = replay.takeDeferred()
    if !deferred.isEmpty { self.deferred(deferred) }
    let warnings = replay.takeWarnings()
    if !warnings.isEmpty { self.warnings(warnings) }
  }
}
