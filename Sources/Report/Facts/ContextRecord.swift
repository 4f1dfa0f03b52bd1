public import Analysis
public import TraceModel

/// A `SystemContext` in the form that a bundle carries, so that a recorded trace gets the same
/// verdict.
public struct ContextRecord: Codable, Hashable, Sendable {
  /// Steal time of one CPU.
  public struct Steal: Codable, Hashable, Sendable {
    /// The CPU.
    public var cpu: Int
    /// Growth of its steal time around the spike.
    public var time: Nanoseconds

    private enum CodingKeys: String, CodingKey {
      case cpu
      case time = "ns"
    }
  }

  /// An idle state.
  public struct IdleState: Codable, Hashable, Sendable {
    /// Its number.
    public var state: UInt32
    /// Its advertised exit latency.
    public var exit: Nanoseconds

    private enum CodingKeys: String, CodingKey {
      case state
      case exit = "exit_ns"
    }
  }

  /// The other CPUs of a CPU's core.
  public struct Siblings: Codable, Hashable, Sendable {
    /// The CPU.
    public var cpu: Int
    /// The others.
    public var others: CPUSet
  }

  /// Preemption model in force.
  public var preemption: String?
  /// What the kernel runs on: `unknown`, `bare_metal` or `guest`; nil in records that were written
  /// without it.
  public private(set) var platform: String?
  /// Name of the hypervisor, empty for an unnamed one; nil on bare metal and where it is not known.
  public private(set) var hypervisor: String?
  /// The architecture as `uname -m` names it.
  public var architecture: String?
  /// Steal of each CPU that was read, ascending; 0 for one that did not grow.
  public var steal: [Steal]
  /// Whether the host counts steal time; nil where that is not known.
  public var countsSteal: Bool?
  /// Growth of the steal time of the spike's CPU since the run began.
  public var stealRun: Nanoseconds?
  /// When the host's pauses in earlier spikes of the run ended; nil where there were none.
  public var pauseEnds: [Nanoseconds]?
  /// sched_rt_runtime_us
  public var rtRuntime: Nanoseconds?
  /// sched_rt_period_us
  public var rtPeriod: Nanoseconds?
  /// Whether the kernel log has the throttling line.
  public var throttlingLogged: Bool?
  /// Page faults of the measuring thread in the spike's cycle.
  public var pageFaults: UInt64?
  /// When tracing was last switched on before the spike, on the clock of the trace.
  public var tracingSince: Nanoseconds?
  /// Whether a buffer overwrote events.
  public var hasOverrun: Bool?
  /// Thread ids of breaktrace, its helper processes among them, the measuring threads excluded.
  public var ownThreads: [Int32]
  /// Isolated CPUs.
  public var isolatedCPUs: CPUSet
  /// What arming adds to a wakeup.
  public var observerCost: Nanoseconds?
  /// Enabled events, sorted; nil where they are not known.
  public var enabledEvents: [String]?
  /// Gaps that hwlat found around the window.
  public var hardwareGaps: [HardwareGap]?
  /// Calls that function_graph timed in the window.
  public var functionCalls: [FunctionCall]?

  /// Growth of the SMI counter; nil where it cannot be read, and where it does not move in a guest.
  public var smiCount: UInt64?
  /// The clocksource in force.
  public var clocksource: String?
  /// The kernel log's line on the clocksource, empty for none.
  public var clockTrouble: String?
  /// Growth of the cgroup's throttled time around the spike.
  public var throttledTime: Nanoseconds?
  /// The CPUs' nominal frequency.
  public var nominalKilohertz: UInt32?
  /// Growth of the thermal throttle counts.
  public var thermalThrottles: UInt64?
  /// Whether the kernel has a deadline server.
  public var hasDeadlineServer: Bool?
  /// CONFIG_RT_GROUP_SCHED
  public var hasRTGroupScheduling: Bool?
  /// CPUs without a tick.
  public var nohzFullCPUs: CPUSet?
  /// Other users of tracing.
  public var otherTracing: [String]?
  /// TracerPid of the measuring process.
  public var ptracer: Int32?
  /// Exit latency of each idle state, ascending by state.
  public var idleStates: [IdleState]?
  /// The CPUs that share a core, ascending by CPU.
  public var siblings: [Siblings]?

  /// Takes over a context.
  public init(_ context: SystemContext) {
    preemption = context.preemption?.rawValue
    platform = context.platform.word
    hypervisor = context.platform.hypervisor
    architecture = context.architecture
    countsSteal = context.countsSteal
    steal = context.steal.sorted { $0.key < $1.key }.map { Steal(cpu: $0.key, time: $0.value) }
    stealRun = context.stealRun
    pauseEnds = context.pauseEnds.isEmpty ? nil : context.pauseEnds
    rtRuntime = context.rtRuntime
    rtPeriod = context.rtPeriod
    throttlingLogged = context.throttlingLogged
    pageFaults = context.pageFaults
    tracingSince = context.tracingSince
    hasOverrun = context.hasOverrun
    ownThreads = context.ownThreads
    isolatedCPUs = context.isolatedCPUs
    observerCost = context.observerCost
    enabledEvents = context.enabledEvents?.sorted()
    hardwareGaps = context.hardwareGaps
    functionCalls = context.functionCalls
    smiCount = context.smiCount
    clocksource = context.clocksource
    clockTrouble = context.clockTrouble
    throttledTime = context.throttledTime
    nominalKilohertz = context.nominalKilohertz
    thermalThrottles = context.thermalThrottles
    hasDeadlineServer = context.hasDeadlineServer
    hasRTGroupScheduling = context.hasRTGroupScheduling
    nohzFullCPUs = context.nohzFullCPUs
    otherTracing = context.otherTracing
    ptracer = context.ptracer
    idleStates = context.idleExitLatencies?.sorted { $0.key < $1.key }.map {
      IdleState(state: $0.key, exit: $0.value)
    }
    siblings = context.siblings?.sorted { $0.key < $1.key }.map {
      Siblings(cpu: $0.key, others: $0.value)
    }
  }

  /// The context; a preemption model with an unknown name is nil.
  public var context: SystemContext {
    var context = SystemContext()
    context.preemption = preemption.flatMap(SystemContext.PreemptionModel.init(rawValue:))
    context.platform = SystemContext.Platform(word: platform, hypervisor: hypervisor)
    context.architecture = architecture
    for entry in steal { context.steal[entry.cpu] = entry.time }
    // A counter that grew is counted, which older records do not say.
    context.countsSteal = countsSteal ?? (steal.contains { $0.time > .zero } ? true : nil)
    context.stealRun = stealRun
    context.pauseEnds = pauseEnds ?? []
    context.rtRuntime = rtRuntime
    context.rtPeriod = rtPeriod
    context.throttlingLogged = throttlingLogged
    context.pageFaults = pageFaults
    context.tracingSince = tracingSince
    context.hasOverrun = hasOverrun
    context.ownThreads = ownThreads
    context.isolatedCPUs = isolatedCPUs
    context.observerCost = observerCost
    context.enabledEvents = enabledEvents.map(Set.init)
    context.hardwareGaps = hardwareGaps
    context.functionCalls = functionCalls
    context.smiCount = smiCount
    context.clocksource = clocksource
    context.clockTrouble = clockTrouble
    context.throttledTime = throttledTime
    context.nominalKilohertz = nominalKilohertz
    context.thermalThrottles = thermalThrottles
    context.hasDeadlineServer = hasDeadlineServer
    context.hasRTGroupScheduling = hasRTGroupScheduling
    context.nohzFullCPUs = nohzFullCPUs
    context.otherTracing = otherTracing
    context.ptracer = ptracer
    context.idleExitLatencies = idleStates.map { states in
      Dictionary(states.map { ($0.state, $0.exit) }) { first, _ in first }
    }
    context.siblings = siblings.map { list in
      Dictionary(list.map { ($0.cpu, $0.others) }) { first, _ in first }
    }
    return context
  }

  private enum CodingKeys: String, CodingKey {
    case preemption, platform, hypervisor, architecture, steal
    case countsSteal = "counts_steal"
    case stealRun = "steal_run_ns"
    case pauseEnds = "pause_ends_ns"
    case rtRuntime = "sched_rt_runtime_ns"
    case rtPeriod = "sched_rt_period_ns"
    case throttlingLogged = "rt_throttling_logged"
    case pageFaults = "page_faults"
    case tracingSince = "tracing_since_ns"
    case hasOverrun = "buffer_overran"
    case ownThreads = "own_threads"
    case isolatedCPUs = "isolated_cpus"
    case observerCost = "observer_cost_ns"
    case enabledEvents = "enabled_events"
    case siblings
    case hardwareGaps = "hardware_gaps"
    case functionCalls = "function_calls"
    case smiCount = "smi_count"
    case clocksource
    case clockTrouble = "clock_trouble"
    case throttledTime = "cgroup_throttled_ns"
    case nominalKilohertz = "nominal_khz"
    case thermalThrottles = "thermal_throttles"
    case hasDeadlineServer = "deadline_server"
    case hasRTGroupScheduling = "rt_group_sched"
    case nohzFullCPUs = "nohz_full_cpus"
    case otherTracing = "other_tracing"
    case ptracer = "tracer_pid"
    case idleStates = "idle_states"
  }
}
