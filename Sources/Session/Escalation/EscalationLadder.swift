internal import Analysis
internal import Report
internal import TraceModel
internal import Tracefs

/// What is traced from one spike to the next, and what the kernel has for it.
struct EscalationLadder {
  /// What one step adds to the events.
  enum Rung: Hashable {
    /// Nothing.
    case events
    /// The stack of the interrupted code.
    case stacks
    /// A tracer, and the stack.
    case tracer(TracerPlan)

    /// In words.
    var text: String {
      switch self {
      case .events: return "events"
      case .stacks: return "events and stacks"
      case .tracer(let tracer):
        if let function = tracer.graphFunction {
          return "function_graph of \(function) and what it calls"
        }
        if tracer.name == "function_graph" {
          return "function_graph of only \(tracer.filter.joined(separator: " "))"
        }
        return tracer.name
      }
    }
  }

  /// The tracers that the kernel lists.
  var tracers: Set<String>

  /// Tracers that some step could ask for.
  static let useful: Set<String> = TracerPlan.sectionTracers.union(["hwlat", "function_graph"])

  /// Why there is nothing to escalate to, nil where there is.
  var refusal: String? {
    tracers.isDisjoint(with: Self.useful)
      ? "--escalate requires one of irqsoff, preemptoff and preemptirqsoff (CONFIG_IRQSOFF_TRACER, "
        + "CONFIG_PREEMPT_TRACER), wakeup_rt (CONFIG_SCHED_TRACER), hwlat (CONFIG_HWLAT_TRACER) and "
        + "function_graph (CONFIG_FUNCTION_GRAPH_TRACER); omit it, events and stacks are recorded "
        + "anyway" : nil
  }

  /// The tracers that the largest segment of a spike asks for, the best one first; empty if none
  /// could show more.
  func tracers(for analysis: SpikeAnalysis) -> [String] {
    let largest = analysis.segments.filter { $0.name != .unexplained }
      .max { $0.length < $1.length }
    var wanted: [String]
    switch analysis.culprit.culprit {
    case .hardwareStall, .hypervisor: wanted = ["hwlat"]
    case .higherPriorityTask, .samePriorityTask, .priorityInversion, .irqThread:
      wanted = ["wakeup_rt", "wakeup"]
    default:
      switch largest?.name {
      case .timer, .irq: wanted = ["irqsoff", "preemptirqsoff"]
      case .schedule, .enqueue: wanted = ["preemptoff", "preemptirqsoff", "wakeup_rt"]
      case .return, .clockRead: wanted = ["preemptirqsoff", "irqsoff"]
      case .unexplained, nil: wanted = []
      }
    }
    wanted.removeAll { !tracers.contains($0) }
    return wanted
  }

  /// What function_graph can be limited to for a spike: the function with what it calls, then the
  /// function alone; empty where the spike names no function.
  ///
  /// `isTraceable` says whether `available_filter_functions` has it.
  func graphs(for analysis: SpikeAnalysis, isTraceable: (String) -> Bool) -> [TracerPlan] {
    guard let function = Self.function(of: analysis), tracers.contains("function_graph"),
      isTraceable(function)
    else { return [] }
    return [
      TracerPlan("function_graph", graphFunction: function),
      TracerPlan("function_graph", filter: [function]),
    ]
  }

  /// Classes that are named after a function of the kernel.
  private static let ofFunctions: Set<CulpritClass> = [
    .irqsOff, .preemptOff, .nonPreemptibleKernel, .stackedTimers, .tlbShootdown, .nmi, .stopMachine,
    .lateKworker,
  ]

  /// The kernel's function that a spike names, nil for none.
  static func function(of analysis: SpikeAnalysis) -> String? {
    guard ofFunctions.contains(analysis.culprit.culprit) else { return nil }
    let name = analysis.culprit.name.prefix { $0 != "+" && $0 != " " }
    let isIdentifier =
      name.utf8.allSatisfy {
        ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 95
          || $0 == 46
      } && name.utf8.first.map { $0 > 57 } ?? false
    return isIdentifier ? String(name) : nil
  }

  /// Whether a verdict needs no further step.
  ///
  /// A section of the kernel that is proven is still worth a look into: what took so long in it?
  static func isEnough(_ analysis: SpikeAnalysis) -> Bool {
    analysis.culprit.confidence == .proven && function(of: analysis) == nil
  }
}
