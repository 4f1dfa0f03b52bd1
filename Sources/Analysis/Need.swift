/// Something that a rule must be able to see.
public enum Need: Hashable, Sendable {
  /// One of these events (`system:name`).
  case events([String])
  /// The stack of the code that the wakeup interrupted: a stacktrace trigger on
  /// sched:sched_waking.
  case wakeStack
  /// A section of one of these latency tracers.
  case tracer([String])
  /// A fact of the machine or the run.
  case fact(Fact)

  /// Facts that come from outside the trace.
  public enum Fact: String, Hashable, Sendable, CaseIterable {
    case preemptionModel = "the preemption model (/sys/kernel/debug/sched/preempt or the config)"
    case hypervisor = "the platform, guest or bare metal (cpuinfo, DMI, device tree)"
    case steal = "steal time counted by the host (/proc/stat)"
    case smiCounter = "the SMI counter (MSR_SMI_COUNT)"
    case idleLatencies = "exit latencies of the idle states (cpuidle/state*/latency)"
    case throttlingLimits = "sched_rt_runtime_us and sched_rt_period_us"
    case deadlineServer = "the kernel version (deadline server in 6.12 and later)"
    case bandwidth = "the throttled time of the cgroup (cpu.stat)"
    case faultCounter = "the page faults of the thread (getrusage)"
    case ownThreads = "the thread ids of breaktrace"
    case observerCost = "the cost of tracing per wakeup (self-test)"
    case isolation = "the isolated CPUs (isolcpus=, nohz_full=)"
    case clocksource = "the clocksource and the kernel log"
    case ptracer = "the ptrace tracer of the process (TracerPid in /proc/self/status)"
    case frequency = "the nominal frequency of the CPU (cpufreq)"
    case siblings = "the CPUs that share a core (topology/thread_siblings_list)"
    case otherTracing = "other users of tracing (instances, kprobes, enabled_functions)"
  }

  /// The need as the end of the sentence "To decide, breaktrace needs …".
  public var text: String {
    switch self {
    case .events(let names):
      names.count == 1
        ? "event \(names[0])" : "one of the events " + names.joined(separator: ", ")
    case .wakeStack: "the stack of the wakeup (stacktrace trigger on sched_waking)"
    case .tracer(let names):
      "the tracer " + names.filter { !$0.contains("_") }.joined(separator: " or ")
    case .fact(let fact): fact.rawValue
    }
  }

  /// Whether it is there for this spike.
  func isMet(_ spike: SpikeCase) -> Bool {
    switch self {
    case .events(let names): names.contains { spike.recorded($0) }
    case .wakeStack: spike.times.stackEvent != nil
    case .tracer(let names): spike.sections.contains { names.contains($0.tracer) }
    case .fact(let fact): spike.context.knows(fact)
    }
  }
}

extension Need {
  static let switches = Need.events(["sched:sched_switch"])
  static let waking = Need.events(["sched:sched_waking"])
  static let wakeup = Need.events(["sched:sched_wakeup"])
  static let timers = Need.events(["timer:hrtimer_expire_entry"])
  static let armed = Need.events(["timer:hrtimer_start"])
  static let interrupts = Need.events([
    "irq:irq_handler_entry", "irq_vectors:local_timer_entry", "ipi:ipi_entry",
  ])
}
