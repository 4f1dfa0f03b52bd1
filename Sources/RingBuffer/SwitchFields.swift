/// The numbers of a sched_switch record.
@frozen public struct SwitchFields: Hashable, Sendable {
  /// The task that leaves the CPU.
  public let previousPid: Int32
  /// Its kernel priority.
  public let previousPriority: Int32
  /// `prev_state` as stored; see `SwitchReader.states`.
  public let previousState: Int64
  /// The task that gets the CPU.
  public let nextPid: Int32
  /// Its kernel priority.
  public let nextPriority: Int32

  @inlinable init(
    previousPid: Int32, previousPriority: Int32, previousState: Int64, nextPid: Int32,
    nextPriority: Int32
  ) {
    self.previousPid = previousPid
    self.previousPriority = previousPriority
    self.previousState = previousState
    self.nextPid = nextPid
    self.nextPriority = nextPriority
  }
}
