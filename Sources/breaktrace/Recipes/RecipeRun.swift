import Measurement
import Session
import TraceModel

/// One measurement of a recipe: threads of one policy and priority on given CPUs.
struct RecipeRun {
  var cpus: CPUSet
  var policy: SchedulingPolicy
  var priority: Int32
  var interval: Nanoseconds
  var duration: Nanoseconds
  /// Latencies at or above it are counted as overflows, nil for none.
  var limit: Nanoseconds?
  /// Spikes above the limit that are traced and explained, 0 for no tracing.
  var spikes = 0
  /// Whether samples come to `onSample`.
  var streamsSamples = false
  var output: String?
  var commandLine: String
  var onSample: (Int, [MeasuredSample]) -> Void = { _, _ in }

  /// Measures.
  func run() throws(SessionError) -> SessionResult {
    var measurement = MeasurementPlan(
      threads: cpus.cpus.enumerated().map { index, cpu in
        ThreadPlan(
          index: index, affinity: CPUSet([cpu]), policy: policy, priority: priority,
          interval: interval)
      })
    measurement.duration = duration
    measurement.histogramBuckets = Int(clamping: limit?.microseconds ?? 0)
    if !policy.isRealtime { measurement.timerSlack = Nanoseconds(1) }
    if spikes > 0 { measurement.breakThreshold = limit }
    var plan = SessionPlan(measurement, version: Version.text, commandLine: commandLine)
    plan.isTracing = spikes > 0
    plan.spikes = max(1, spikes)
    plan.outputDirectory = spikes > 0 ? output : nil
    plan.progressInterval = nil
    plan.streamsSamples = streamsSamples
    var observer = SessionObserver()
    observer.remark = { Console.error("breaktrace: \($0)") }
    observer.bundle = { Console.error("breaktrace: bundle \($0)") }
    let onSample = onSample
    observer.samples = { thread, samples, _ in onSample(thread, samples) }
    return try MeasureSession(plan, observer: observer).run()
  }

  /// The CPUs that a text names, or all that may be used.
  static func cpus(_ text: String?) throws(UsageError) -> CPUSet {
    let available = Processors.available()
    guard let text else { return available }
    guard let selection = CPUSelection(text) else {
      throw UsageError(
        "--cpus", invalid: text, expected: CPUSelection.form)
    }
    return try selection.resolved(in: available, label: "--cpus")
  }

  /// A duration in cyclictest's notation, above 0.
  static func duration(_ text: String) throws(UsageError) -> Nanoseconds {
    guard case .number(let seconds) = try OptionValue(text, as: .duration, label: "--duration"),
      seconds > 0
    else { throw UsageError("--duration", invalid: "0", expected: "a time above 0") }
    return Nanoseconds(microseconds: seconds * 1_000_000)
  }
}
