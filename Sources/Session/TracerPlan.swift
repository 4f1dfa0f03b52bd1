/// A tracer that runs in an instance of its own beside the events.
public struct TracerPlan: Hashable, Sendable {
  /// Its name in `available_tracers`.
  public var name: String
  /// Whether functions are traced inside its sections, which makes them 10 to 20 times longer.
  public var hasFunctions: Bool
  /// The functions that function tracing is limited to; empty for all.
  public var filter: [String]
  /// Whether the run goes on with events alone where the kernel refuses the tracer.
  public var isOptional: Bool

  /// Makes a plan.
  public init(
    _ name: String, hasFunctions: Bool = false, filter: [String] = [], isOptional: Bool = false
  ) {
    self.name = name
    self.hasFunctions = hasFunctions
    self.filter = filter
    self.isOptional = isOptional
  }

  /// Tracers that record a section and keep the last one above `tracing_thresh`.
  static let sectionTracers: Set<String> = [
    "irqsoff", "preemptoff", "preemptirqsoff", "wakeup", "wakeup_rt", "wakeup_dl",
  ]

  /// Whether it records sections.
  var recordsSections: Bool { Self.sectionTracers.contains(name) }
}
