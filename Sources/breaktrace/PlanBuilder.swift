import Measurement
import Session
import TraceModel

/// Turns options and threads into the plan of a run.
struct PlanBuilder {
  var options: CyclictestOptions
  var layout: ThreadLayout
  var dialect: Dialect

  /// The plan.
  func plan(commandLine: String, loadCommand: String?) throws(UsageError) -> SessionPlan {
    var measurement = MeasurementPlan(
      threads: layout.threads.map {
        ThreadPlan(
          index: $0.index, affinity: $0.cpus, policy: $0.policy, priority: $0.priority,
          interval: $0.interval)
      })
    measurement.clock = options.clock == .monotonic ? .monotonic : .realtime
    measurement.loops = UInt64(clamping: options.loops ?? 0)
    measurement.duration = options.duration.map { Nanoseconds($0 * 1_000_000_000) }
    measurement.histogramBuckets = Int(clamping: options.histogram ?? 0)
    measurement.breakThreshold = options.breakThreshold.map { Nanoseconds(microseconds: $0) }
    measurement.lockMemory = options.lockMemory
    switch options.powerManagement {
    case .hold(let value): measurement.dmaLatency = Int32(clamping: value)
    case .untouched: measurement.dmaLatency = nil
    }
    var plan = SessionPlan(measurement, version: Version.text, commandLine: commandLine)
    plan.loadCommand = loadCommand
    plan.isTracing = options.trace && (dialect == .breaktrace || options.breakThreshold != nil)
    if let size = options.bufferKiB { plan.bufferKilobytes = Int(clamping: size) }
    plan.hasStack = options.stack
    plan.extraEvents = options.events
    plan.spikes = Int(clamping: options.spikes)
    plan.outputDirectory = options.output ?? "."
    plan.streamsSamples = options.verbose
    let live = !options.quiet && !options.verbose && (Console.isTerminal || dialect == .cyclictest)
    plan.progressInterval = live || options.verbose ? Nanoseconds(50_000_000) : nil
    return plan
  }
}
