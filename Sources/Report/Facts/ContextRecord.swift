public import Analysis
public import TraceModel

/// A `SystemContext` in the form that a bundle carries, so that a recorded trace gets the same verdict.
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

  /// Preemption model in force.
  public var preemption: String?
  /// Name of the hypervisor, empty for an unnamed one, nil on bare metal.
  public var hypervisor: String?
  /// Steal of each CPU, ascending.
  public var steal: [Steal]
  /// sched_rt_runtime_us
  public var rtRuntime: Nanoseconds?
  /// sched_rt_period_us
  public var rtPeriod: Nanoseconds?
  /// Whether the kernel log has the throttling line.
  public var throttlingLogged: Bool?
  /// Page faults of the measuring thread in the spike's cycle.
  public var pageFaults: UInt64?
  /// Thread ids of breaktrace, the measuring threads excluded.
  public var ownThreads: [Int32]
  /// Isolated CPUs.
  public var isolatedCPUs: CPUSet
  /// What arming adds to a wake-up.
  public var observerCost: Nanoseconds?
  /// Enabled events, sorted; nil where they are not known.
  public var enabledEvents: [String]?

  /// Takes over a context.
  public init(_ context: SystemContext) {
    preemption = context.preemption?.rawValue
    hypervisor = context.hypervisor
    steal = context.steal.sorted { $0.key < $1.key }.map { Steal(cpu: $0.key, time: $0.value) }
    rtRuntime = context.rtRuntime
    rtPeriod = context.rtPeriod
    throttlingLogged = context.throttlingLogged
    pageFaults = context.pageFaults
    ownThreads = context.ownThreads
    isolatedCPUs = context.isolatedCPUs
    observerCost = context.observerCost
    enabledEvents = context.enabledEvents?.sorted()
  }

  /// The context; a preemption model with an unknown name is nil.
  public var context: SystemContext {
    var context = SystemContext()
    context.preemption = preemption.flatMap(SystemContext.PreemptionModel.init(rawValue:))
    context.hypervisor = hypervisor
    for entry in steal { context.steal[entry.cpu] = entry.time }
    context.rtRuntime = rtRuntime
    context.rtPeriod = rtPeriod
    context.throttlingLogged = throttlingLogged
    context.pageFaults = pageFaults
    context.ownThreads = ownThreads
    context.isolatedCPUs = isolatedCPUs
    context.observerCost = observerCost
    context.enabledEvents = enabledEvents.map(Set.init)
    return context
  }

  private enum CodingKeys: String, CodingKey {
    case preemption, hypervisor, steal
    case rtRuntime = "sched_rt_runtime_ns"
    case rtPeriod = "sched_rt_period_ns"
    case throttlingLogged = "rt_throttling_logged"
    case pageFaults = "page_faults"
    case ownThreads = "own_threads"
    case isolatedCPUs = "isolated_cpus"
    case observerCost = "observer_cost_ns"
    case enabledEvents = "enabled_events"
  }
}
