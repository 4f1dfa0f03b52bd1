internal import CRealtime

/// Page faults and context switches of a thread over its recorded cycles: getrusage(RUSAGE_THREAD).
public struct ThreadUsage: Hashable, Sendable {
  /// Page faults that needed no input or output.
  public var minorFaults: Int64
  /// Page faults that waited for a device.
  public var majorFaults: Int64
  /// Switches away by the thread's own waiting, one a cycle at least.
  public var voluntarySwitches: Int64
  /// Switches away because another task was given the CPU.
  public var involuntarySwitches: Int64

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    minorFaults: Int64 = 0, majorFaults: Int64 = 0, voluntarySwitches: Int64 = 0,
    involuntarySwitches: Int64 = 0
  ) {
    self.minorFaults = minorFaults
    self.majorFaults = majorFaults
    self.voluntarySwitches = voluntarySwitches
    self.involuntarySwitches = involuntarySwitches
  }

  /// What was counted between two readings.
  init(from start: bt_usage, to end: bt_usage) {
    self.init(
      minorFaults: end.minor_faults - start.minor_faults,
      majorFaults: end.major_faults - start.major_faults,
      voluntarySwitches: end.voluntary_switches - start.voluntary_switches,
      involuntarySwitches: end.involuntary_switches - start.involuntary_switches)
  }
}
