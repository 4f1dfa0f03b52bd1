public import TraceModel

/// What the rules must know of the machine and the run that is not in the trace.
///
/// A value that is nil was not to be had; a rule that needs it then says less, never more.
public struct SystemContext: Hashable, Sendable {
  /// How the kernel may be preempted.
  public enum PreemptionModel: String, Hashable, Sendable, CaseIterable {
    case none, voluntary, full, lazy, rt

    /// Whether a task in the kernel is switched out as soon as a more urgent one wakes.
    public var isPreemptible: Bool { self == .full || self == .rt }
  }

  /// Preemption model in force.
  public var preemption: PreemptionModel?
  /// Name of the hypervisor, empty for a guest of an unnamed one, nil on bare metal.
  public var hypervisor: String?
  /// Growth of each CPU's steal time (/proc/stat) in the short stretch that holds the spike; 10 ms grain.
  public var steal: [Int: Nanoseconds]
  /// /proc/sys/kernel/sched_rt_runtime_us; negative for no limit.
  public var rtRuntime: Nanoseconds?
  /// /proc/sys/kernel/sched_rt_period_us
  public var rtPeriod: Nanoseconds?
  /// Whether the kernel log has the line `sched: RT throttling activated`.
  public var throttlingLogged: Bool?
  /// Major and minor page faults of the measuring thread in the spike's cycle (getrusage).
  public var pageFaults: UInt64?
  /// Thread ids of breaktrace itself, the measuring threads excluded.
  public var ownThreads: [Int32]
  /// CPUs of isolcpus=, nohz_full= or an isolated cpuset.
  public var isolatedCPUs: CPUSet
  /// What arming adds to a wake-up on this machine, nil where it was not measured.
  public var observerCost: Nanoseconds?
  /// Names (`system:name`) of the events that were enabled, nil where they are not known.
  public var enabledEvents: Set<String>?

  /// Makes a context of which nothing is known.
  public init() {
    steal = [:]
    ownThreads = []
    isolatedCPUs = CPUSet([])
  }
}
