public import Report
internal import TraceModel
public import Tracefs

/// Everything that the verdicts of a doctor's report are drawn from.
public struct DoctorEvidence: Hashable, Sendable {
  /// The machine.
  public var machine: MachineFacts
  /// Its settings.
  public var tunables: Tunables
  /// The kernel's configuration, nil if it is not available.
  public var config: KernelConfig?
  /// What tracefs offers, nil where it cannot be read.
  public var capabilities: Capabilities?
  /// Tracers that were tried.
  public var trials: [String: TracerTrial.Result] = [:]
  /// Counters that can be read: `steal` where the host counts it, `smi`, `thermal`, `cgroup`,
  /// `kernel-log`; `lockdown-log` where the log reports of a refusal by the lockdown.
  public var counters: Set<String> = []
  /// `vendor_id` of /proc/cpuinfo, nil where it has none.
  public var processorVendor: String?
  /// Topology, clock, tracers and debuggers.
  public var surroundings = Surroundings()
  /// Whether addresses of kernel functions have names here: /proc/kallsyms with addresses.
  public var hasSymbols = false

  /// Makes evidence of a machine.
  public init(
    machine: MachineFacts, tunables: Tunables, config: KernelConfig? = nil,
    capabilities: Capabilities? = nil
  ) {
    self.machine = machine
    self.tunables = tunables
    self.config = config
    self.capabilities = capabilities
  }

  /// Whether the kernel has an event (`system:name`).
  func has(event: String) -> Bool {
    guard let name = EventName(event) else { return false }
    return capabilities?.events.contains(name) ?? false
  }

  /// Whether a tracer can be set: tried, or listed where it was not tried.
  func has(tracer: String) -> Bool {
    switch trials[tracer] {
    case .works, .inUse: true
    case .refused: false
    case nil: capabilities?.tracers.contains(tracer) ?? false
    }
  }

  /// Whether the kernel is locked down, as it says or as it logged a refusal.
  var isLockedDown: Bool {
    machine.lockdown.map { $0 != "none" } ?? counters.contains("lockdown-log")
  }

  /// Whether this is known to be a guest.
  var isGuest: Bool { machine.platform.hypervisor != nil }

  /// Whether this is an x86, the only architecture with system management interrupts.
  var isX86: Bool {
    guard let name = machine.architecture else { return false }
    return name.hasPrefix("x86") || name.hasPrefix("i") && name.hasSuffix("86")
  }

  /// Whether the processor counts system management interrupts: only Intel's have MSR_SMI_COUNT.
  var countsSMI: Bool { processorVendor == "GenuineIntel" }

  /// Counters as a run reports their growth: 0 for those that can be read.
  var growth: CounterDeltas {
    var deltas = CounterDeltas(cpu: 0)
    if counters.contains("smi") { deltas.smi = 0 }
    if counters.contains("thermal") { deltas.thermalThrottles = 0 }
    if counters.contains("cgroup") { deltas.cgroupThrottled = .zero }
    return deltas
  }
}
