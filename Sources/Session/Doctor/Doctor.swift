internal import Analysis
public import Report
internal import TraceModel
internal import Tracefs

/// Finds out what this kernel lets be said of a late wakeup, and what spoils measuring on it.
///
/// Leaves everything as it is: tracers that the kernel lists are tried for a moment in a separate
/// instance, unless a run measures just now.
public struct Doctor: Sendable {
  /// Where machine and settings are read.
  public var files: SystemFiles
  private let version: String

  /// Makes a doctor; `version` is the program's.
  public init(version: String, files: SystemFiles = SystemFiles()) {
    self.version = version
    self.files = files
  }

  /// Looks at this machine.
  public func examine() -> DoctorReport {
    let start = FactsCollector(files).start()
    var evidence = DoctorEvidence(
      machine: start.machine, tunables: start.tunables, config: start.config)
    evidence.counters = counters()
    evidence.surroundings = SurroundingsCollector(files).hit(
      start.surroundings, log: KernelLog(files), others: nil)
    evidence.processorVendor =
      CPUInfo(
        files.text("/proc/cpuinfo", limit: 16_384) ?? "")["vendor_id"]
    evidence.hasSymbols = hasSymbols
    var tracing = TracingVerdict()
    do throws(TracefsError) {
      if let root = try TracefsRoot.find() {
        tracing.tracefs = root.path
        let capabilities = try Capabilities.probe(root: root)
        evidence.capabilities = capabilities
        evidence.surroundings.otherTracing = capabilities.otherUsers
        if capabilities.isRoot, !Self.isMeasuring(capabilities) {
          evidence.trials = try trials(capabilities, root)
        }
      } else {
        tracing.obstacle =
          "tracefs is not mounted; a run mounts it with mount -t tracefs nodev "
          + TracefsRoot.standardPath
      }
    } catch {
      tracing.obstacle = "\(error)"
    }
    return report(evidence, tracing)
  }

  /// The report on given evidence.
  func report(_ evidence: DoctorEvidence, _ tracing: TracingVerdict) -> DoctorReport {
    var tracing = tracing
    tracing.tracers = FacilityTable.tracerStates(evidence)
    if let capabilities = evidence.capabilities {
      tracing.features = FacilityTable.featureStates(capabilities)
      tracing.missingEvents = Self.standing.filter { !evidence.has(event: $0) }.sorted()
      tracing.otherUsers = capabilities.otherUsers
    }
    let clock = ClockProbe.probe(
      source: evidence.machine.clockSource,
      hasTraceClock: evidence.capabilities?.clocks.contains("mono"))
    return DoctorReport(
      tool: version, classes: Self.verdicts(evidence), tracing: tracing,
      settings: SettingChecks(evidence: evidence, clock: clock).all, clock: clock,
      machine: evidence.machine)
  }

  /// The verdict on each class, in the catalogue's order.
  static func verdicts(_ evidence: DoctorEvidence) -> [ClassVerdict] {
    var facts = ReportFacts()
    facts.machine = evidence.machine
    facts.tunables = evidence.tunables
    facts.counters = evidence.growth
    // Values are of no account here, only what a run will know.
    var context = ContextCollector.context(
      of: facts, countsSteal: evidence.counters.contains("steal") ? true : nil, ownThreads: [1],
      config: evidence.config, surroundings: evidence.surroundings)
    context.pageFaults = 0
    context.observerCost = .zero
    return ClassJudge(evidence: evidence, context: context, standing: standing).verdicts
  }

  /// The events that each run records.
  static let standing = Set(CoreEvents.list(tids: [1]).map(\.event.description))

  private static func isMeasuring(_ capabilities: Capabilities) -> Bool {
    capabilities.status.instances.contains {
      if case .live = $0.owner { true } else { false }
    }
  }

  private func trials(_ capabilities: Capabilities, _ root: TracefsRoot) throws(TracefsError)
    -> [String: TracerTrial.Result]
  {
    let known = FacilityTable.tracers.map(\.name).filter(capabilities.tracers.contains)
    guard !known.isEmpty, capabilities.hasInstances else { return [:] }
    return try TracerTrial.run(known, root: root, run: try RunIdentity.current())
  }

  private func counters() -> Set<String> {
    let snapshot = CounterCollector(files).snapshot()
    var found: Set<String> = []
    if snapshot.countsSteal == true { found.insert("steal") }
    if !snapshot.smi.isEmpty { found.insert("smi") }
    if !snapshot.thermalThrottles.isEmpty { found.insert("thermal") }
    if snapshot.bandwidth[0] != nil { found.insert("cgroup") }
    if let log = KernelLog(files) {
      found.insert("kernel-log")
      // Each thing that the lockdown refuses is logged; its file is below a securityfs that may not
      // be mounted.
      if log.lines.contains(where: { $0.hasPrefix("Lockdown: ") }) { found.insert("lockdown-log") }
    }
    return found
  }

  /// Without privilege the kernel shows every address as 0.
  private var hasSymbols: Bool {
    let text = files.text("/proc/kallsyms", limit: 4_096) ?? ""
    return SystemFiles.lines(text).prefix(40).contains { line in
      SystemFiles.fields(line).first.map { $0.contains { $0 != "0" } } ?? false
    }
  }
}
