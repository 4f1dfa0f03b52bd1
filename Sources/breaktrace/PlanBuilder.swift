import Measurement
import Session
import TraceModel
import Tracefs

/// Turns options and threads into the plan of a run.
struct PlanBuilder {
  var options: CyclictestOptions
  var layout: ThreadLayout
  var dialect: Dialect
  var available: CPUSet

  /// Buckets for the bundle's histogram where none was asked for, in us.
  private static let bundleBuckets = 1_000

  /// The plan.
  func plan(commandLine: String, loadCommand: String?) throws(UsageError) -> SessionPlan {
    var plan = SessionPlan(
      try measurement(), version: Version.text, commandLine: commandLine)
    plan.loadCommand = loadCommand
    plan.isTracing = options.trace
    if let size = options.bufferKiB { plan.bufferKilobytes = Int(clamping: size) }
    plan.hasStack = options.stack
    for event in options.events where EventName(event) == nil {
      throw UsageError(
        "--events", invalid: event, expected: "system:name, for example sched:sched_switch")
    }
    plan.extraEvents = options.events
    plan.tracer = options.tracer.map {
      TracerPlan(
        $0, hasFunctions: options.functionTrace && $0 != "function", filter: options.tracerFilter,
        isOptional: options.tracerFallback)
    }
    for option in options.traceOptions {
      let isOff = option.hasPrefix("no") && option != "nop"
      plan.traceOptions[isOff ? String(option.dropFirst(2)) : option] = !isOff
    }
    plan.spikes = Int(clamping: options.spikes)
    plan.outputDirectory = options.output ?? "."
    plan.streamsSamples =
      options.verbose || options.spikeThreshold != nil || options.overflowTimes != nil
    plan.mainAffinity = try options.mainAffinity.map { set throws(UsageError) in
      try set.resolved(in: available, label: "--mainaffinity")
    }
    let live = !options.quiet && !options.verbose && (Console.isTerminal || dialect == .cyclictest)
    if live || options.verbose {
      plan.progressInterval = Nanoseconds(50_000_000)
    } else {
      plan.progressInterval = options.fifo == nil ? nil : Nanoseconds(100_000_000)
    }
    if plan.arms, options.histogram == nil {
      plan.measurement.histogramBuckets = Self.bundleBuckets
    }
    try checkMemory(plan.measurement, streams: plan.streamsSamples)
    return plan
  }

  private func measurement() throws(UsageError) -> MeasurementPlan {
    let nodes = options.numa ? NUMANodes() : nil
    var measurement = MeasurementPlan(
      threads: layout.threads.map { thread in
        ThreadPlan(
          index: thread.index, affinity: thread.cpus, policy: thread.policy,
          priority: thread.priority, interval: thread.interval,
          memoryNode: thread.cpus?.cpus.first.flatMap { nodes?.node(of: $0) })
      })
    measurement.clock = options.clock == .monotonic ? .monotonic : .realtime
    measurement.waitMode = try waitMode()
    switch options.alignment {
    case nil: measurement.alignment = .none
    case .common(let offset)?:
      measurement.alignment = .common(offset: Nanoseconds(microseconds: offset))
    case .fullSecond(let offset)?:
      measurement.alignment = .fullSecond(offset: Nanoseconds(microseconds: offset))
    }
    measurement.loops = UInt64(clamping: options.loops ?? 0)
    measurement.duration = options.duration.map { Nanoseconds(microseconds: $0 * 1_000_000) }
    measurement.histogramBuckets = Int(clamping: options.histogram ?? 0)
    measurement.breakThreshold = options.breakThreshold.map { Nanoseconds(microseconds: $0) }
    measurement.lockMemory = options.lockMemory
    switch options.powerManagement {
    case .hold(let value): measurement.dmaLatency = Int32(clamping: value)
    case .untouched: measurement.dmaLatency = nil
    }
    return measurement
  }

  private func waitMode() throws(UsageError) -> WaitMode {
    switch options.wait {
    case .clockNanosleep: return options.relative ? .relative : .clockNanosleep
    // nanosleep(2) and setitimer(2) are relative anyway.
    case .nanosleep: return .nanosleep
    case .itimer:
      guard layout.threads.count == 1 else {
        throw UsageError(
          "-x", "setitimer (-s -x) supports only one thread", hint: "use one thread, or omit -s")
      }
      return .itimer
    case .posixTimer: return .posixTimer
    }
  }

  /// Refuses a run whose locked memory would take the machine's.
  private func checkMemory(_ measurement: MeasurementPlan, streams: Bool) throws(UsageError) {
    guard let available = Self.availableKibibytes else { return }
    // A stack, two counters a bucket, and the samples that wait for the reader.
    let perThread = 512 + measurement.histogramBuckets * 16 / 1_024 + (streams ? 1_536 : 0)
    let needed = perThread.multipliedReportingOverflow(by: measurement.threads.count)
    guard needed.overflow || needed.partialValue > available / 2 else { return }
    throw UsageError(
      "-t",
      "\(measurement.threads.count) threads need \(needed.partialValue / 1_024) MiB of memory, but "
        + "only \(available / 1_024) MiB are available",
      hint: "use fewer threads or a shorter histogram")
  }

  private static var availableKibibytes: Int? {
    let text = SystemFiles().text("/proc/meminfo") ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line.flatMap { Int($0.filter { $0.isNumber }) }
  }
}
