internal import TraceModel
internal import Tracefs

/// A tracer that runs in a separate instance beside the events.
public struct TracerPlan: Hashable, Sendable {
  /// Its name in `available_tracers`.
  public var name: String
  /// Whether functions are traced inside its sections, which makes them 10 to 20 times longer.
  public var hasFunctions: Bool
  /// The functions that function tracing is limited to; empty for all.
  public var filter: [String]
  /// Whether the run goes on with events alone where the kernel refuses the tracer.
  public var isOptional: Bool
  /// With function_graph: the function that is traced with everything that it calls; nil where
  /// `filter` decides.
  public var graphFunction: String?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    _ name: String, hasFunctions: Bool = false, filter: [String] = [], isOptional: Bool = false,
    graphFunction: String? = nil
  ) {
    self.name = name
    self.hasFunctions = hasFunctions
    self.filter = filter
    self.isOptional = isOptional
    self.graphFunction = graphFunction
  }

  /// Tracers that record a section and keep the last one above `tracing_thresh`.
  static let sectionTracers: Set<String> = [
    "irqsoff", "preemptoff", "preemptirqsoff", "wakeup", "wakeup_rt", "wakeup_dl",
  ]

  /// Whether it records sections.
  var recordsSections: Bool { Self.sectionTracers.contains(name) }

  /// Tracers of sections with interrupts or preemption disabled.
  static let criticalTracers: Set<String> = ["irqsoff", "preemptoff", "preemptirqsoff"]

  /// Whether its sections are of one CPU: then those of CPUs that nobody measures would only take
  /// the place of ours.
  var isOfOneCPU: Bool { Self.criticalTracers.contains(name) }

  /// Whether the break stops it.
  ///
  /// hwlat writes its sample only when it has looked for long enough, and stopping it waits for
  /// that; osnoise has nothing in its own instance, and stopping it patches code.
  var stopsAtBreak: Bool { name != "hwlat" && name != "osnoise" }

  /// Events that the instance of the events records because of it.
  var events: [EventName] {
    guard name == "osnoise" else { return [] }
    return ["irq_noise", "softirq_noise", "thread_noise", "nmi_noise"].map {
      EventName("osnoise", $0)
    }
  }
}

extension TracerPlan {
  /// How long hwlat looks at a time, with interrupts disabled, where it has a CPU that nobody
  /// measures.
  static let gapWidth = Nanoseconds(microseconds: 10_000)

  /// How long hwlat looks at a time.
  ///
  /// On a measured CPU each look is a latency itself: it stays well below the threshold.
  static func gapWidth(isMeasured: Bool, threshold: Nanoseconds) -> Nanoseconds {
    isMeasured
      ? max(Nanoseconds(microseconds: 50), min(gapWidth, Nanoseconds(threshold.count / 4)))
      : gapWidth
  }

  /// What its instance is armed with.
  ///
  /// - Parameters:
  ///   - threshold: The threshold.
  ///   - measured: The CPUs that are measured, nil where a thread may run on any.
  ///   - online: The CPUs that are online.
  func arming(threshold: Nanoseconds, measured: CPUSet?, online: CPUSet) -> ArmingPlan {
    var plan = ArmingPlan.latencyTracer(
      name,
      // Sections from half of the threshold on are kept.
      thresholdMicroseconds: recordsSections
        ? Int(clamping: max(1, threshold.microseconds / 2)) : nil,
      hasFunctions: hasFunctions)
    if !recordsSections { plan.options = [] }
    plan.followsTopLevelClock = recordsSections
    plan.functionFilter = filter
    // The kernel keeps one section: without this the last one of any CPU. A wakeup may come from
    // any CPU.
    if isOfOneCPU { plan.cpus = measured }
    switch name {
    case "hwlat":
      let free = CPUSet(online.cpus.filter { !(measured ?? online).contains($0) })
      plan.cpus = free.isEmpty ? measured ?? online : free
      // Set by the kernel itself where it is 0.
      plan.tracingThreshold = 10
      let width = Self.gapWidth(isMeasured: free.isEmpty, threshold: threshold).microseconds
      // In this order: the width must not be above the window at any time, when they are restored
      // either.
      plan.settings = [
        .init("hwlat_detector/width", "\(width)", users: ["hwlat"]),
        .init("hwlat_detector/window", "\(width + 2_000)", users: ["hwlat"]),
      ]
    case "osnoise":
      plan.settings = [
        .init(
          "osnoise/options#OSNOISE_WORKLOAD", "NO_OSNOISE_WORKLOAD",
          users: ["osnoise", "timerlat"])
      ]
    case "function_graph":
      if let graphFunction {
        plan.settings = [
          .init("set_graph_function#", graphFunction, users: ["function_graph"])
        ]
      }
    default: break
    }
    return plan
  }
}
