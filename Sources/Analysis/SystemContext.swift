public import TraceModel

/// What the rules must know of the machine and the run that is not in the trace.
///
/// A value that is nil was not available; a rule that needs it then says less, never more.
public struct SystemContext: Hashable, Sendable {
  /// How the kernel may be preempted.
  public enum PreemptionModel: String, Hashable, Sendable, CaseIterable {
    case none, voluntary, full, lazy, rt

    /// Whether a task in the kernel is switched out as soon as a more urgent one wakes.
    public var isPreemptible: Bool { self == .full || self == .rt }
  }

  /// What a kernel runs on.
  public enum Platform: Hashable, Sendable {
    /// Nobody looked, or nothing that was looked at decides it.
    case unknown
    /// A physical machine: it was looked at, and no sign of a hypervisor found.
    case bareMetal
    /// A virtual machine, with the hypervisor's name, empty where it has none.
    case guest(String)
  }

  /// Preemption model in force.
  public var preemption: PreemptionModel?
  /// What the kernel runs on, as far as that is known.
  public var platform = Platform.unknown
  /// The kernel's architecture as `uname -m` names it (`x86_64`, `aarch64`).
  public var architecture: String?
  /// Whether the host counts steal time for this guest: a counter of /proc/stat has grown since
  /// boot. nil where they are at 0, which a host that counts nothing and one that never took a CPU
  /// both show.
  public var countsSteal: Bool?
  /// Growth of each CPU's steal time (/proc/stat) in the short stretch that holds the spike; 10 ms
  /// grain. 0 for a CPU whose counter was read and did not grow, which is evidence only where
  /// `countsSteal`; without an entry for a CPU that was not read.
  public var steal: [Int: Nanoseconds]
  /// Growth of the steal time of the spike's CPU since the run began, nil where it was not read.
  public var stealRun: Nanoseconds?
  /// When the pauses by the host ended that earlier spikes of the run are blamed on, in order of
  /// time.
  public var pauseEnds: [Nanoseconds] = []
  /// /proc/sys/kernel/sched_rt_runtime_us; negative for no limit.
  public var rtRuntime: Nanoseconds?
  /// /proc/sys/kernel/sched_rt_period_us
  public var rtPeriod: Nanoseconds?
  /// Whether the kernel log has the line `sched: RT throttling activated` since the run began.
  public var throttlingLogged: Bool?
  /// Major and minor page faults of the measuring thread in the spike's cycle (getrusage).
  public var pageFaults: UInt64?
  /// When tracing was last switched on before the spike, nil where that is not known. A run that
  /// goes on after a spike switches it on again in the middle of what other threads wait for.
  public var tracingSince: Nanoseconds?
  /// Whether a buffer was so full that it overwrote events, nil where that is not known.
  public var hasOverrun: Bool?
  /// Thread ids of breaktrace itself, its helper processes among them, the measuring threads
  /// excluded.
  public var ownThreads: [Int32]
  /// CPUs of isolcpus=, nohz_full= or an isolated cpuset.
  public var isolatedCPUs: CPUSet
  /// What arming adds to a wakeup on this machine, nil where it was not measured.
  public var observerCost: Nanoseconds?
  /// Names (`system:name`) of the events that were enabled, nil where they are not known.
  public var enabledEvents: Set<String>?
  /// Gaps that the hwlat tracer found around the window, nil where it did not run.
  public var hardwareGaps: [HardwareGap]?
  /// Calls that function_graph timed in the window, nil where it did not run.
  public var functionCalls: [FunctionCall]?

  /// Growth of the SMI counter (MSR_SMI_COUNT, /dev/cpu/N/msr) of the spike's CPU from the start of
  /// the run to after the spike, so that 0 says that no SMI came in the spike.
  ///
  /// nil where the counter cannot be read: without root or the msr module, and on processors other
  /// than Intel's. nil also where it does not move on anything but known bare metal: a guest reads
  /// a register that its hypervisor makes up.
  public var smiCount: UInt64?
  /// Exit latency of each idle state by its number (cpuidle/stateN/latency).
  public var idleExitLatencies: [UInt32: Nanoseconds]?
  /// /sys/devices/system/clocksource/clocksource0/current_clocksource
  public var clocksource: String?
  /// The kernel log's line on an unstable or switched clocksource since the run began, empty where
  /// there is none.
  public var clockTrouble: String?
  /// Growth of the cgroup's throttled_usec (cpu.stat of the measured thread) in the stretch that
  /// holds the spike.
  public var throttledTime: Nanoseconds?
  /// The CPUs' nominal frequency in kHz (cpufreq base_frequency, else cpuinfo_max_freq).
  public var nominalKilohertz: UInt32?
  /// Growth of the thermal throttle counts (thermal_throttle/core_throttle_count) around the spike
  /// or over the run.
  public var thermalThrottles: UInt64?
  /// For each CPU the others of its core (topology/thread_siblings_list without itself).
  public var siblings: [Int: CPUSet]?
  /// Whether a deadline server runs normal tasks before real-time ones (6.12 and later, runtime not
  /// 0).
  public var hasDeadlineServer: Bool?
  /// CONFIG_RT_GROUP_SCHED: with a deadline server it is the one case in which real-time throttling
  /// is left.
  public var hasRTGroupScheduling: Bool?
  /// CPUs of nohz_full=, where the tick should not run.
  public var nohzFullCPUs: CPUSet?
  /// Other users of tracing, one line each (foreign instances with events, kprobes, enabled
  /// functions); empty where there are none.
  public var otherTracing: [String]?
  /// Process that ptraces the measuring one (TracerPid), 0 for none.
  public var ptracer: Int32?

  /// Name of the hypervisor, empty for a guest of an unnamed one; nil on bare metal and where it is
  /// not known.
  public var hypervisor: String? {
    get { if case .guest(let name) = platform { name } else { nil } }
    set { platform = newValue.map { .guest($0) } ?? .unknown }
  }

  /// Whether a fact is known.
  public func knows(_ fact: Need.Fact) -> Bool {
    switch fact {
    case .preemptionModel: preemption != nil
    case .hypervisor: platform != .unknown
    case .steal: countsSteal ?? steal.values.contains { $0 > .zero }
    case .smiCounter: smiCount != nil
    case .idleLatencies: idleExitLatencies != nil
    case .throttlingLimits: rtRuntime != nil
    case .deadlineServer: hasDeadlineServer != nil
    case .bandwidth: throttledTime != nil
    case .faultCounter: pageFaults != nil
    case .ownThreads: !ownThreads.isEmpty
    case .observerCost: observerCost != nil
    case .isolation: !isolatedCPUs.isEmpty || nohzFullCPUs != nil
    case .clocksource: clocksource != nil
    case .ptracer: ptracer != nil
    case .frequency: nominalKilohertz != nil
    case .siblings: siblings?.values.contains { !$0.isEmpty } ?? false
    case .otherTracing: otherTracing != nil
    }
  }

  /// Makes a context of which nothing is known.
  public init() {
    steal = [:]
    ownThreads = []
    isolatedCPUs = CPUSet([])
  }
}
