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
      gives: "begin and end of the longest section with IRQs disabled"),
    Part(
      name: "preemptoff", option: "CONFIG_PREEMPT_TRACER",
      gives: "begin and end of the longest section with preemption disabled"),
    Part(
      name: "preemptirqsoff", option: "CONFIG_IRQSOFF_TRACER and CONFIG_PREEMPT_TRACER",
      gives: "begin and end of the longest section with either disabled"),
    Part(
      name: "wakeup_rt", option: "CONFIG_SCHED_TRACER",
      gives: "the longest scheduling latency of any real-time task"),
    Part(
      name: "function", option: "CONFIG_FUNCTION_TRACER",
      gives: "all kernel functions called inside a section"),
    Part(
      name: "function_graph", option: "CONFIG_FUNCTION_GRAPH_TRACER",
      gives: "kernel functions with their durations"),
    Part(
      name: "hwlat", option: "CONFIG_HWLAT_TRACER",
      gives: "proof that hardware or firmware stopped the CPU"),
    Part(
      name: "osnoise", option: "CONFIG_OSNOISE_TRACER",
      gives: "net time of each IRQ, softirq and thread"),
    Part(
      name: "timerlat", option: "CONFIG_TIMERLAT_TRACER",
      gives: "IRQ latency and thread latency, measured by the kernel"),
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
            ? "not tried, a run is measuring" : "not tried, this requires root"
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
            ? "\(part.option) is set, but the kernel does not provide it"
            : "requires \(part.option)"
        )
      }
      return FacilityState(name: part.name, state: state, reason: reason, gives: part.gives)
    }
  }

  /// The refusal without the path, which is that of an instance that is gone.
  private static func words(_ error: TracefsError, _ evidence: DoctorEvidence) -> String {
    if evidence.isLockedDown {
      return (error.errno.map { "\($0.description), " } ?? "")
        + "the kernel is locked down; boot without lockdown= and Secure Boot"
    }
    return [error.errno?.description, error.hint.isEmpty ? nil : error.hint].compactMap { $0 }
      .joined(separator: ", ")
  }

  /// The other parts.
  static func featureStates(_ capabilities: Capabilities) -> [FacilityState] {
    func feature(_ name: String, _ has: Bool, _ option: String, _ gives: String) -> FacilityState {
      FacilityState(
        name: name, state: has ? .works : .missing, reason: has ? nil : "requires \(option)",
        gives: gives)
    }
    return [
      feature("instances", capabilities.hasInstances, "Linux 3.10", "a private ring buffer"),
      feature(
        "stacktrace", capabilities.triggers.contains("stacktrace"), "CONFIG_STACKTRACE",
        "the stack that a wakeup interrupts"),
      feature(
        "snapshot", capabilities.hasSnapshot, "CONFIG_TRACER_SNAPSHOT",
        "several spikes without dead time"),
      feature(
        "hist", capabilities.hasHistograms, "CONFIG_HIST_TRIGGERS",
        "latency histograms in the kernel"),
      feature(
        "synthetic_events", capabilities.hasSyntheticEvents, "CONFIG_SYNTH_EVENTS",
        "events for the latencies of any task"),
      feature(
        "kprobe_events", capabilities.hasKprobes, "CONFIG_KPROBE_EVENTS",
        "events on any kernel function"),
      feature(
        "buffer_subbuf_size_kb", capabilities.hasSubBufferSize, "Linux 6.8",
        "sub-buffers above 4 KiB"),
      feature(
        "mono clock", capabilities.clocks.contains("mono"), "Linux 3.17",
        "events with the clock of the measurement"),
    ]
  }
}
