public import Report
public import TraceModel

/// Values of the kernel's counters at one moment.
public struct CounterSnapshot: Hashable, Sendable {
  /// Counters of one thread.
  public struct Thread: Hashable, Sendable {
    /// Minor page faults.
    public var minorFaults: UInt64
    /// Major page faults.
    public var majorFaults: UInt64
    /// Voluntary context switches, nil where the kernel does not count them.
    public var voluntarySwitches: UInt64?
    /// Involuntary context switches.
    public var involuntarySwitches: UInt64?
  }

  /// A row of /proc/interrupts.
  public struct InterruptRow: Hashable, Sendable {
    /// Its label.
    public var name: String
    /// Chip and handlers.
    public var text: String
    /// Counts by CPU.
    public var counts: [Int: UInt64]
  }

  /// Steal time by CPU (/proc/stat).
  public var steal: [Int: Nanoseconds] = [:]
  /// /proc/interrupts
  public var interrupts: [InterruptRow] = []
  /// Thermal throttle events by CPU.
  public var thermalThrottles: [Int: UInt64] = [:]
  /// MSR_SMI_COUNT of each CPU whose register can be read.
  public var smi: [Int: UInt64] = [:]
  /// The bandwidth of the cgroups of the threads asked for, by thread id, and of the process as
  /// number 0.
  public var bandwidth: [Int32: GroupBandwidth] = [:]
  /// Counters of the threads asked for, by thread id.
  public var threads: [Int32: Thread] = [:]

  /// Makes a snapshot of nothing.
  public init() {}

  /// Whether the host counts steal time: true where a CPU has some since boot. nil where all are at
  /// 0, because a host that counts nothing leaves them there.
  public var countsSteal: Bool? { steal.values.contains { $0 > .zero } ? true : nil }

  /// What the counters of a CPU and a thread grew by since `earlier`; a counter that went back
  /// counts as 0.
  public func delta(since earlier: CounterSnapshot, cpu: Int, tid: Int32?) -> CounterDeltas {
    func growth<T: UnsignedInteger>(_ now: T?, _ before: T?) -> T? {
      guard let now, let before else { return nil }
      return now > before ? now - before : 0
    }
    var deltas = CounterDeltas(cpu: cpu, tid: tid)
    if let now = steal[cpu], let before = earlier.steal[cpu] {
      deltas.stealRun = max(.zero, now - before)
    }
    // Going back it was reset (suspend, a CPU that was offline), and what came before that is not
    // known.
    if let now = smi[cpu], let before = earlier.smi[cpu], now >= before {
      deltas.smi = now - before
    }
    deltas.thermalThrottles = growth(thermalThrottles[cpu], earlier.thermalThrottles[cpu])
    if let now = bandwidth[tid ?? 0] ?? bandwidth[0],
      let before = earlier.bandwidth[tid ?? 0] ?? earlier.bandwidth[0],
      let grown = now.growth(since: before)
    {
      deltas.cgroupThrottles = grown.count
      deltas.cgroupThrottled = grown.time
    }
    if let tid, let now = threads[tid], let before = earlier.threads[tid] {
      deltas.minorFaults = growth(now.minorFaults, before.minorFaults)
      deltas.majorFaults = growth(now.majorFaults, before.majorFaults)
      deltas.voluntarySwitches = growth(now.voluntarySwitches, before.voluntarySwitches)
      deltas.involuntarySwitches = growth(now.involuntarySwitches, before.involuntarySwitches)
    }
    var old: [String: UInt64] = [:]
    for row in earlier.interrupts { old[row.name] = row.counts[cpu] }
    deltas.interrupts = interrupts.compactMap { row in
      guard let count = growth(row.counts[cpu], old[row.name] ?? 0), count > 0 else { return nil }
      return CounterDeltas.Interrupt(name: row.name, text: row.text, count: count)
    }.sorted { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name }
    return deltas
  }
}
