public import TraceModel

/// What counters of the kernel grew by; nil for a counter that the kernel does not have.
public struct CounterDeltas: Codable, Hashable, Sendable {
  /// One row of /proc/interrupts.
  public struct Interrupt: Codable, Hashable, Sendable {
    /// The row's label (`36`, `LOC`).
    public var name: String
    /// Chip and handlers, or the kernel's words for an architecture interrupt.
    public var text: String
    /// How often it came on the CPU.
    public var count: UInt64

    /// Memberwise.
    public init(name: String, text: String, count: UInt64) {
      self.name = name
      self.text = text
      self.count = count
    }
  }

  /// The CPU that the per-CPU counters belong to.
  public var cpu: Int
  /// The measuring thread that the thread counters belong to.
  public var tid: Int32?
  /// Steal time of the CPU over the run (/proc/stat, a clock tick's grain).
  public var stealRun: Nanoseconds?
  /// Steal time of the CPU in the short stretch that holds the spike.
  public var stealHit: Nanoseconds?
  /// System management interrupts of the CPU (MSR_SMI_COUNT) over the run; nil where the register
  /// cannot be read.
  public var smi: UInt64?
  /// Thermal throttle events of the CPU's core over the run.
  public var thermalThrottles: UInt64?
  /// Periods in which the process's cgroup was throttled.
  public var cgroupThrottles: UInt64?
  /// Time for which the process's cgroup was throttled.
  public var cgroupThrottled: Nanoseconds?
  /// Minor page faults of the measuring thread over the run.
  public var minorFaults: UInt64?
  /// Major page faults of the measuring thread over the run.
  public var majorFaults: UInt64?
  /// Its voluntary context switches over the run.
  public var voluntarySwitches: UInt64?
  /// Its involuntary context switches over the run.
  public var involuntarySwitches: UInt64?
  /// Page faults of the measuring thread in the spike's own cycle.
  public var faultsInCycle: UInt64?
  /// Interrupts of the CPU over the run that came at least once, most first.
  public var interrupts: [Interrupt]
  /// Whether the kernel log has the line `sched: RT throttling activated` since the run began.
  public var throttlingLogged: Bool?

  /// Makes deltas of which none is known.
  public init(cpu: Int, tid: Int32? = nil) {
    self.cpu = cpu
    self.tid = tid
    interrupts = []
  }

  private enum CodingKeys: String, CodingKey {
    case cpu, tid, smi, interrupts
    case stealRun = "steal_run_ns"
    case stealHit = "steal_hit_ns"
    case thermalThrottles = "thermal_throttles"
    case cgroupThrottles = "cgroup_throttles"
    case cgroupThrottled = "cgroup_throttled_ns"
    case minorFaults = "minor_faults"
    case majorFaults = "major_faults"
    case voluntarySwitches = "voluntary_switches"
    case involuntarySwitches = "involuntary_switches"
    case faultsInCycle = "faults_in_cycle"
    case throttlingLogged = "rt_throttling_logged"
  }
}
