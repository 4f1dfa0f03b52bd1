public import TraceModel

/// Settings of the kernel that shape latency; nil for what the kernel does not have.
public struct Tunables: Codable, Hashable, Sendable {
  /// Where an interrupt may be delivered.
  public struct InterruptAffinity: Codable, Hashable, Sendable {
    /// The CPUs.
    public var cpus: String
    /// The interrupt numbers, as a list.
    public var interrupts: String

    /// Memberwise.
    public init(cpus: String, interrupts: String) {
      self.cpus = cpus
      self.interrupts = interrupts
    }
  }

  /// /proc/sys/kernel/sched_rt_runtime_us; negative for no limit.
  public var rtRuntime: Nanoseconds?
  /// /proc/sys/kernel/sched_rt_period_us
  public var rtPeriod: Nanoseconds?
  /// The fair server's runtime and period, where they can be read.
  public var fairServer: String?
  /// The value in force of /dev/cpu_dma_latency.
  public var dmaLatency: Nanoseconds?
  /// /sys/kernel/mm/transparent_hugepage/enabled: the chosen word.
  public var hugePages: String?
  /// /proc/sys/kernel/numa_balancing
  public var numaBalancing: Int?
  /// /proc/sys/kernel/watchdog
  public var watchdog: Int?
  /// /proc/sys/kernel/nmi_watchdog
  public var nmiWatchdog: Int?
  /// /proc/sys/kernel/watchdog_thresh in seconds
  public var watchdogThreshold: Int?
  /// /proc/sys/kernel/timer_migration
  public var timerMigration: Int?
  /// /proc/sys/kernel/sched_autogroup_enabled
  public var autogroup: Int?
  /// /proc/sys/vm/stat_interval in seconds
  public var statInterval: Int?
  /// /sys/devices/virtual/workqueue/cpumask
  public var workqueueMask: String?
  /// Console log level of /proc/sys/kernel/printk.
  public var printkLevel: Int?
  /// Names of the consoles in /proc/consoles.
  public var consoles: [String]
  /// /proc/irq/default_smp_affinity
  public var defaultInterruptMask: String?
  /// Interrupts grouped by where they may be delivered.
  public var interruptAffinity: [InterruptAffinity]

  /// Makes the tunables of a kernel that reports none.
  public init() {
    consoles = []
    interruptAffinity = []
  }

  private enum CodingKeys: String, CodingKey {
    case watchdog, autogroup, consoles
    case rtRuntime = "sched_rt_runtime_ns"
    case rtPeriod = "sched_rt_period_ns"
    case fairServer = "fair_server"
    case dmaLatency = "cpu_dma_latency_ns"
    case hugePages = "transparent_hugepage"
    case numaBalancing = "numa_balancing"
    case nmiWatchdog = "nmi_watchdog"
    case watchdogThreshold = "watchdog_thresh_s"
    case timerMigration = "timer_migration"
    case statInterval = "vm_stat_interval_s"
    case workqueueMask = "workqueue_cpumask"
    case printkLevel = "printk_level"
    case defaultInterruptMask = "default_smp_affinity"
    case interruptAffinity = "irq_affinity"
  }
}
