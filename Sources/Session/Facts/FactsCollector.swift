internal import Analysis
public import Report
public import TraceModel

/// Collects everything that a report says besides the verdict, at the moments when that disturbs
/// nothing.
public struct FactsCollector: Sendable {
  /// What does not change during a run.
  public struct Start: Hashable, Sendable {
    /// The machine.
    public var machine: MachineFacts
    /// Kernel settings.
    public var tunables: Tunables
    /// The kernel's configuration, nil if it is not available.
    public var config: KernelConfig?
    /// Topology and frequencies.
    public var surroundings = Surroundings()

    /// Nothing, for runs that make no report.
    static let none = Start(
      machine: MachineFacts(), tunables: Tunables(), config: nil)
  }

  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// Reads machine and settings before the measuring threads start; may start a `gzip` process for
  /// /proc/config.gz.
  public func start() -> Start {
    let machine = MachineCollector(files)
    let config = KernelConfig(files, release: machine.release)
    let facts = machine.collect(config: config)
    let log = KernelLog(files)
    return Start(
      machine: facts, tunables: TunablesCollector(files).collect(),
      config: config,
      surroundings: SurroundingsCollector(files).start(
        online: facts.online ?? CPUSet([]), log: log))
  }

  /// The facts of a spike; call it after tracing has been stopped.
  ///
  /// `otherTracing` are others that trace, nil where nobody knows. `before` is the snapshot made
  /// when the measurement began, `watch` holds the steal readings since. The context that the rules
  /// need is in `context` of the result.
  public func hit(
    _ sample: WakeupSample, start: Start, before: CounterSnapshot, watch: StealWatch,
    run: RunFacts, trace: TraceFacts?, observer: ObserverFacts?, faultsInCycle: UInt64? = nil,
    ownThreads: [Int32] = [], otherTracing: [String]? = nil, attachments: [Attachment] = []
  ) -> ReportFacts {
    let now = CounterCollector(files).snapshot(threads: [sample.task.pid])
    let steal = watch.growth(to: now.steal, since: sample.expiry)
    var counters = now.delta(since: before, cpu: sample.cpu, tid: sample.task.pid)
    counters.stealHit = steal[sample.cpu]
    counters.faultsInCycle = faultsInCycle
    let log = KernelLog(files)
    // What the kernel wrote before the run says nothing of it.
    if let log, let sequence = start.surroundings.logSequence {
      counters.throttlingLogged = log.hasThrottling(after: sequence)
    }
    let surroundings = SurroundingsCollector(files).hit(
      start.surroundings, log: log, others: otherTracing)

    var facts = ReportFacts()
    facts.run = run
    facts.machine = start.machine
    facts.tunables = start.tunables
    facts.counters = counters
    facts.rtThreads = RTThreadCollector(files).collect()
    facts.trace = trace
    facts.observer = observer
    facts.attachments = attachments
    var context = ContextCollector.context(
      of: facts, steal: steal, countsSteal: now.countsSteal, ownThreads: ownThreads,
      config: start.config, surroundings: surroundings, cpu: sample.cpu)
    let tid = sample.task.pid
    if let grown = watch.throttled(now.bandwidth[tid], tid: tid, since: sample.expiry) {
      context.throttledTime = grown
    }
    facts.context = ContextRecord(context)
    return facts
  }
}
