import Report
import SystemPackage
import Tracefs

/// Tracers and other parts of tracing that a kernel may lack, and what they would give.
enum FacilityTable {
  /// A part of tracing.
  struct Part: Sendable {
    var name: String
    var option: String
    var gives: String
  }

  static let tracers = [
    Part(
      name: "irqsoff", option: "CONFIG_IRQSOFF_TRACER",
      gives: "the exact section with interrupts off, begin and end"),
    Part(
      name: "preemptoff", option: "CONFIG_PREEMPT_TRACER",
      gives: "the exact section with preemption off"),
    Part(
      name: "preemptirqsoff", option: "CONFIG_IRQSOFF_TRACER and CONFIG_PREEMPT_TRACER",
      gives: "sections with either off"),
    Part(
      name: "wakeup_rt", option: "CONFIG_SCHED_TRACER",
      gives: "the longest wake-up of any real-time task"),
    Part(
      name: "function", option: "CONFIG_FUNCTION_TRACER",
      gives: "every kernel function inside a section"),
    Part(
      name: "function_graph", option: "CONFIG_FUNCTION_GRAPH_TRACER",
      gives: "functions with their durations"),
    Part(
      name: "hwlat", option: "CONFIG_HWLAT_TRACER",
      gives: "proof that hardware or firmware took the CPU"),
    Part(
      name: "osnoise", option: "CONFIG_OSNOISE_TRACER",
      gives: "net time of each interrupt, softirq and thread"),
    Part(
      name: "timerlat", option: "CONFIG_TIMERLAT_TRACER",
      gives: "latency at the interrupt and at the thread, measured by the kernel"),
  ]

  /// The state of each tracer.
  static func tracerStates(_ evidence: DoctorEvidence) -> [FacilityState] {
    tracers.map { part in
      let listed = evidence.capabilities?.tracers.contains(part.name) ?? false
      let (state, reason): (FacilityState.State, String?)
      switch evidence.trials[part.name] {
      case .works: (state, reason) = (.works, nil)
      case .refused(let error): (state, reason) = (.refused, Self.words(error, evidence))
      case .inUse(let holder): (state, reason) = (.inUse, holder)
      case nil where listed:
        (state, reason) = (
          .untried,
          evidence.capabilities?.isRoot ?? false
            ? "a run measures now, trying would disturb it" : "trying it needs root"
        )
      case nil:
        let built = evidence.config.map { config in
          part.option.split(separator: " ").filter { $0.hasPrefix("CONFIG_") }.allSatisfy {
            config.value(String($0.dropFirst("CONFIG_".count))) == "y"
          }
        }
        (state, reason) = (
          .missing,
          built == true
            ? "\(part.option) is set, but the kernel does not offer it" : "needs \(part.option)"
        )
      }
      return FacilityState(name: part.name, state: state, reason: reason, gives: part.gives)
    }
  }

  /// The refusal without the path, which is that of an instance that is gone.
  private static func words(_ error: TracefsError, _ evidence: DoctorEvidence) -> String {
    if evidence.isLockedDown {
      return (error.errno.map { "\($0.description): " } ?? "")
        + "the kernel is locked down; boot without lockdown= and Secure Boot"
    }
    return [error.errno?.description, error.hint.isEmpty ? nil : error.hint].compactMap { $0 }
      .joined(separator: ": ")
  }

  /// The other parts.
  static func featureStates(_ capabilities: Capabilities) -> [FacilityState] {
    func feature(_ name: String, _ has: Bool, _ option: String, _ gives: String) -> FacilityState {
      FacilityState(
        name: name, state: has ? .works : .missing, reason: has ? nil : "needs \(option)",
        gives: gives)
    }
    return [
      feature("instances", capabilities.hasInstances, "Linux 3.10", "a buffer of our own"),
      feature(
        "stacktrace", capabilities.triggers.contains("stacktrace"), "CONFIG_STACKTRACE",
        "the stack of the code that a wake-up interrupts"),
      feature(
        "snapshot", capabilities.hasSnapshot, "CONFIG_TRACER_SNAPSHOT",
        "going on after a spike without dead time"),
      feature(
        "hist", capabilities.hasHistograms, "CONFIG_HIST_TRIGGERS",
        "counting latencies in the kernel"),
      feature(
        "synthetic_events", capabilities.hasSyntheticEvents, "CONFIG_SYNTH_EVENTS",
        "latencies of any task as events"),
      feature(
        "kprobe_events", capabilities.hasKprobes, "CONFIG_KPROBE_EVENTS",
        "events at any kernel function"),
      feature(
        "buffer_subbuf_size_kb", capabilities.hasSubBufferSize, "Linux 6.8",
        "pages of the buffer above 4 KiB"),
      feature(
        "mono clock", capabilities.clocks.contains("mono"), "Linux 3.17",
        "events on the clock of the measurement"),
    ]
  }
}
