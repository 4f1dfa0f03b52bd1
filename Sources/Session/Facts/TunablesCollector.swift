public import Report
import TraceModel

/// Reads the kernel's settings from /proc, /sys and /dev/cpu_dma_latency.
public struct TunablesCollector: Sendable {
  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// The settings now in force.
  public func collect() -> Tunables {
    var facts = Tunables()
    let kernel = "/proc/sys/kernel"
    func microseconds(_ path: String) -> Nanoseconds? {
      files.number(path, as: Int64.self).map(Nanoseconds.init(microseconds:))
    }
    facts.rtRuntime = microseconds("\(kernel)/sched_rt_runtime_us")
    facts.rtPeriod = microseconds("\(kernel)/sched_rt_period_us")
    if let bytes = files.bytes("/dev/cpu_dma_latency", limit: 4), bytes.count == 4 {
      let value = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      facts.dmaLatency = Nanoseconds(microseconds: Int64(Int32(bitPattern: value)))
    }
    facts.hugePages = files.line("/sys/kernel/mm/transparent_hugepage/enabled").map(
      MachineCollector.chosen)
    facts.numaBalancing = files.number("\(kernel)/numa_balancing")
    facts.watchdog = files.number("\(kernel)/watchdog")
    facts.nmiWatchdog = files.number("\(kernel)/nmi_watchdog")
    facts.watchdogThreshold = files.number("\(kernel)/watchdog_thresh")
    facts.timerMigration = files.number("\(kernel)/timer_migration")
    facts.autogroup = files.number("\(kernel)/sched_autogroup_enabled")
    facts.statInterval = files.number("/proc/sys/vm/stat_interval")
    facts.workqueueMask = files.line("/sys/devices/virtual/workqueue/cpumask")
    facts.printkLevel = files.line("\(kernel)/printk").flatMap {
      SystemFiles.fields($0).first.flatMap { Int($0) }
    }
    facts.consoles = SystemFiles.lines(files.text("/proc/consoles") ?? "").compactMap {
      SystemFiles.fields($0).first.map(String.init)
    }
    facts.defaultInterruptMask = files.line("/proc/irq/default_smp_affinity")
    facts.interruptAffinity = affinity()
    return facts
  }

  /// Interrupts grouped by where they may go; `limit` keeps machines with thousands of them quick.
  private func affinity(limit: Int = 1_024) -> [Tunables.InterruptAffinity] {
    var groups: [String: [Int]] = [:]
    let numbers = files.names("/proc/irq").compactMap { Int($0) }.sorted()
    for number in numbers.prefix(limit) {
      guard let cpus = files.line("/proc/irq/\(number)/smp_affinity_list") else { continue }
      groups[cpus, default: []].append(number)
    }
    return groups.sorted { ($0.value[0], $0.key) < ($1.value[0], $1.key) }.map {
      Tunables.InterruptAffinity(cpus: $0.key, interrupts: CPUSet($0.value).list)
    }
  }
}
