public import Analysis
public import Report
public import TraceModel

/// Puts together what the rules must know of the machine and the run.
public enum ContextCollector {
  /// The context of a spike from the facts.
  ///
  /// - Parameters:
  ///   - facts: What the report says.
  ///   - steal: Each CPU's growth of steal time around the spike; no entry for a CPU that was not
  ///     read.
  ///   - countsSteal: Whether the host counts steal time, nil where that is not known.
  ///   - ownThreads: Threads of breaktrace that do not measure.
  ///   - config: The kernel's configuration.
  ///   - surroundings: What else is known of the machine.
  ///   - cpu: The CPU of the spike, whose nominal frequency counts.
  public static func context(
    of facts: ReportFacts, steal: [Int: Nanoseconds] = [:], countsSteal: Bool? = nil,
    ownThreads: [Int32] = [], config: KernelConfig? = nil,
    surroundings: Surroundings = Surroundings(), cpu: Int? = nil
  ) -> SystemContext {
    var context = SystemContext()
    context.preemption = facts.machine?.preemption.flatMap(
      SystemContext.PreemptionModel.init(rawValue:))
    context.platform = facts.machine?.platform ?? .unknown
    context.architecture = facts.machine?.architecture
    context.steal = steal
    context.countsSteal = countsSteal
    context.stealRun = facts.counters?.stealRun
    context.rtRuntime = facts.tunables?.rtRuntime
    context.rtPeriod = facts.tunables?.rtPeriod
    context.throttlingLogged = facts.counters?.throttlingLogged
    context.pageFaults = facts.counters?.faultsInCycle
    context.ownThreads = ownThreads
    context.isolatedCPUs = CPUSet(
      (facts.machine?.isolated?.cpus ?? []) + (facts.machine?.nohzFull?.cpus ?? []))
    context.observerCost = facts.observer?.cost
    context.enabledEvents = facts.trace.map { Set($0.events) }
    // A hypervisor makes up the register: there a counter that does not move says nothing of the
    // hardware.
    if let grown = facts.counters?.smi, grown > 0 || context.platform == .bareMetal {
      context.smiCount = grown
    }
    context.thermalThrottles = facts.counters?.thermalThrottles
    context.throttledTime = facts.counters?.cgroupThrottled
    context.clocksource = facts.machine?.clockSource
    context.nohzFullCPUs = facts.machine?.nohzFull
    if let states = facts.machine?.idleStates, !states.isEmpty {
      var latencies: [UInt32: Nanoseconds] = [:]
      for (number, state) in states.enumerated() { latencies[UInt32(number)] = state.latency }
      context.idleExitLatencies = latencies
    }
    context.siblings = surroundings.siblings
    context.nominalKilohertz =
      cpu.flatMap { surroundings.nominalKilohertz[$0] }
      ?? surroundings.nominalKilohertz.values.max()
    context.clockTrouble = surroundings.clockTrouble
    context.otherTracing = surroundings.otherTracing
    context.ptracer = surroundings.ptracer
    if let config { context.hasRTGroupScheduling = config.value("RT_GROUP_SCHED") == "y" }
    // The fair server of 6.12 and later; its runtime is in debugfs, which is not looked into.
    context.hasDeadlineServer = facts.machine?.release.flatMap(Self.version).map { $0 >= (6, 12) }
    return context
  }

  /// The first two numbers of a kernel release.
  private static func version(_ release: String) -> (Int, Int)? {
    let parts = release.split(separator: ".").prefix(2).compactMap {
      Int($0.prefix { $0.isNumber })
    }
    return parts.count == 2 ? (parts[0], parts[1]) : nil
  }
}
