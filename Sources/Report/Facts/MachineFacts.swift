public import Analysis
public import TraceModel

/// The machine and its kernel; nil for what the machine does not report.
public struct MachineFacts: Codable, Hashable, Sendable {
  /// One idle state of a CPU.
  public struct IdleState: Codable, Hashable, Sendable {
    /// Its name (`C6`).
    public var name: String
    /// Advertised exit latency.
    public var latency: Nanoseconds?
    /// Whether it is disabled on at least one CPU.
    public var disabled: Bool

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(name: String, latency: Nanoseconds? = nil, disabled: Bool = false) {
      self.name = name
      self.latency = latency
      self.disabled = disabled
    }

    private enum CodingKeys: String, CodingKey {
      case name, disabled
      case latency = "latency_ns"
    }
  }

  /// Operating system's name of uname(2).
  public var system: String?
  /// Kernel release of uname(2).
  public var release: String?
  /// Kernel version of uname(2).
  public var version: String?
  /// Architecture of uname(2).
  public var architecture: String?
  /// /proc/cmdline
  public var commandLine: String?
  /// Preemption model in force: `none`, `voluntary`, `full`, `lazy` or `rt`.
  public var preemption: String?
  /// Where the preemption model was read.
  public var preemptionSource: String?
  /// CONFIG_HZ
  public var hz: Int?
  /// Isolated CPUs (`isolcpus=`, isolated cpusets), empty for none.
  public var isolated: CPUSet?
  /// CPUs of `nohz_full=`, empty for none.
  public var nohzFull: CPUSet?
  /// The text of `rcu_nocbs=`, nil where the option is not given.
  public var rcuNoCallbacks: String?
  /// Online CPUs.
  public var online: CPUSet?
  /// Current clock source.
  public var clockSource: String?
  /// cpufreq governors with the CPUs that they have (`performance: 0-3`).
  public var governors: String?
  /// cpuidle driver.
  public var idleDriver: String?
  /// cpuidle governor.
  public var idleGovernor: String?
  /// Idle states of the first CPU.
  public var idleStates: [IdleState]
  /// /sys/devices/system/cpu/smt/control
  public var smt: String?
  /// Number of NUMA nodes.
  public var numaNodes: Int?
  /// CPU model.
  public var cpuModel: String?
  /// Microcode revision.
  public var microcode: String?
  /// The hypervisor's name, empty for a guest of an unnamed one; nil on bare metal and where it is
  /// not known.
  public private(set) var hypervisor: String?
  /// The word of `platform`, nil in facts that were written without it.
  private var platformWord: String?
  /// DMI board: vendor, product, name.
  public var board: String?
  /// DMI BIOS: vendor, version, date.
  public var bios: String?
  /// /proc/sys/kernel/tainted
  public var taint: UInt64?
  /// The letters of the taint bits (`OE`), empty for an untainted kernel.
  public var taintLetters: String?
  /// Kernel lockdown mode.
  public var lockdown: String?

  /// What the kernel runs on.
  public var platform: SystemContext.Platform {
    get { SystemContext.Platform(word: platformWord, hypervisor: hypervisor) }
    set {
      platformWord = newValue.word
      hypervisor = newValue.hypervisor
    }
  }

  /// Makes the facts of a machine that reports nothing.
  public init() {
    idleStates = []
    platform = .unknown
  }

  private enum CodingKeys: String, CodingKey {
    case system, release, version, architecture, preemption, hz, isolated, online, governors, smt
    case microcode, hypervisor, board, bios, taint, lockdown
    case platformWord = "platform"
    case commandLine = "command_line"
    case preemptionSource = "preemption_source"
    case nohzFull = "nohz_full"
    case rcuNoCallbacks = "rcu_nocbs"
    case clockSource = "clock_source"
    case idleDriver = "idle_driver"
    case idleGovernor = "idle_governor"
    case idleStates = "idle_states"
    case numaNodes = "numa_nodes"
    case cpuModel = "cpu_model"
    case taintLetters = "taint_letters"
  }
}
