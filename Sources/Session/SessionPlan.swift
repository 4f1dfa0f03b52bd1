public import Measurement
public import Report
public import TraceModel

/// Everything that one run is to do: measure, and with a threshold arm, break, explain and bundle.
public struct SessionPlan: Sendable {
  /// What is measured.
  public var measurement: MeasurementPlan
  /// Whether tracing is armed; without a threshold it never is.
  public var isTracing = true
  /// Buffer of each CPU in KiB.
  public var bufferKilobytes = 4_096
  /// Whether the stack of the interrupted context is taken at each wakeup.
  public var hasStack = true
  /// Events beside the core set, `system:name`.
  public var extraEvents: [String] = []
  /// A tracer beside the events, in a separate instance.
  public var tracer: TracerPlan?
  /// What earlier steps of an escalation came to, and which one this run is; nil where it is none.
  public var escalation: EscalationFacts?
  /// Trace options of the events' instance, set (true) or cleared.
  public var traceOptions: [String: Bool] = [:]
  /// How many spikes are kept: the worst ones of a run that has loops or a duration; else the run
  /// ends with that many.
  public var spikes = 1
  /// Where bundles are made, nil for none.
  public var outputDirectory: String?
  /// The CPUs of the control thread, nil for those that are not measured (all where all are).
  public var mainAffinity: CPUSet?
  /// Version for reports.
  public var version: String
  /// The command line for reports.
  public var commandLine: String
  /// The load's command line for reports.
  public var loadCommand: String?
  /// How often `SessionObserver.progress` is called; nil for never.
  public var progressInterval: Nanoseconds? = Nanoseconds(100_000_000)
  /// Whether samples are kept for `SessionObserver.samples`.
  public var streamsSamples = false

  /// Makes the plan of a measurement.
  public init(_ measurement: MeasurementPlan, version: String, commandLine: String) {
    self.measurement = measurement
    self.version = version
    self.commandLine = commandLine
  }

  /// Whether the run arms tracing.
  public var arms: Bool { isTracing && measurement.breakThreshold != nil }
}
