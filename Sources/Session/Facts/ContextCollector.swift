public import Analysis
public import Report
public import TraceModel

/// Puts together what the rules must know of the machine and the run.
public enum ContextCollector {
  /// The context of a spike from the facts; `steal` is each CPU's growth around the spike.
  public static func context(
    of facts: ReportFacts, steal: [Int: Nanoseconds] = [:], ownThreads: [Int32] = []
  ) -> SystemContext {
    var context = SystemContext()
    context.preemption = facts.machine?.preemption.flatMap(
      SystemContext.PreemptionModel.init(rawValue:))
    context.hypervisor = facts.machine?.hypervisor
    context.steal = steal
    context.rtRuntime = facts.tunables?.rtRuntime
    context.rtPeriod = facts.tunables?.rtPeriod
    context.throttlingLogged = facts.counters?.throttlingLogged
    context.pageFaults = facts.counters?.faultsInCycle
    context.ownThreads = ownThreads
    context.isolatedCPUs = CPUSet(
      (facts.machine?.isolated?.cpus ?? []) + (facts.machine?.nohzFull?.cpus ?? []))
    context.observerCost = facts.observer?.cost
    context.enabledEvents = facts.trace.map { Set($0.events) }
    return context
  }
}
