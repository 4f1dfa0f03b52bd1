import Analysis
import Glibc
public import Report
import TraceModel

/// Reads the facts of the machine from /proc and /sys.
public struct MachineCollector: Sendable {
  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// The facts; `config` supplies what only the build configuration reports.
  public func collect(config: KernelConfig? = nil) -> MachineFacts {
    var facts = MachineFacts()
    kernel(&facts, config)
    processors(&facts)
    firmware(&facts)
    return facts
  }

  /// The running kernel's release: /proc/sys/kernel/osrelease.
  public var release: String { files.line("/proc/sys/kernel/osrelease") ?? "" }

  private func kernel(_ facts: inout MachineFacts, _ config: KernelConfig?) {
    facts.system = files.line("/proc/sys/kernel/ostype")
    facts.release = files.line("/proc/sys/kernel/osrelease")
    facts.version = files.line("/proc/sys/kernel/version")
    facts.architecture = files.line("/proc/sys/kernel/arch") ?? config?.architecture
    if facts.architecture == nil, files.root.isEmpty {
      var name = utsname()
      if uname(&name) == 0 {
        facts.architecture = withUnsafeBytes(of: &name.machine) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
      }
    }
    facts.commandLine = files.line("/proc/cmdline")
    let options = BootOptions(facts.commandLine ?? "")
    if let (model, source) = PreemptionModelReader.read(
      version: facts.version ?? "", realtime: files.line("/sys/kernel/realtime"),
      options: options, config: config)
    {
      facts.preemption = model.rawValue
      facts.preemptionSource = source
    }
    facts.hz = config?.value("HZ").flatMap { Int($0) }
    facts.taint = files.number("/proc/sys/kernel/tainted")
    facts.taintLetters = facts.taint.map(Self.taintLetters)
    facts.lockdown = files.line("/sys/kernel/security/lockdown").map(Self.chosen)
    facts.rcuNoCallbacks = options["rcu_nocbs"]
    facts.isolated =
      files.line("/sys/devices/system/cpu/isolated").flatMap { CPUSet(list: $0) }
      ?? options["isolcpus"].flatMap(Self.cpus)
    facts.nohzFull =
      files.line("/sys/devices/system/cpu/nohz_full").flatMap { CPUSet(list: $0) }
      ?? options["nohz_full"].flatMap(Self.cpus)
  }

  private func processors(_ facts: inout MachineFacts) {
    let base = "/sys/devices/system/cpu"
    facts.online = files.line("\(base)/online").flatMap { CPUSet(list: $0) }
    facts.clockSource = files.line(
      "/sys/devices/system/clocksource/clocksource0/current_clocksource")
    var governors: [String: [Int]] = [:]
    for cpu in facts.online?.cpus ?? [] {
      if let name = files.line("\(base)/cpu\(cpu)/cpufreq/scaling_governor") {
        governors[name, default: []].append(cpu)
      }
    }
    if !governors.isEmpty {
      facts.governors = governors.sorted { $0.key < $1.key }.map {
        "\($0.key): \(CPUSet($0.value).list)"
      }.joined(separator: ", ")
    }
    facts.idleDriver = files.line("\(base)/cpuidle/current_driver")
    facts.idleGovernor =
      files.line("\(base)/cpuidle/current_governor")
      ?? files.line("\(base)/cpuidle/current_governor_ro")
    idleStates(&facts)
    facts.smt = files.line("\(base)/smt/control")
    let nodes = files.names("/sys/devices/system/node").filter {
      $0.hasPrefix("node") && Int($0.dropFirst(4)) != nil
    }
    facts.numaNodes = nodes.isEmpty ? nil : nodes.count
  }

  private func idleStates(_ facts: inout MachineFacts) {
    let cpus = facts.online?.cpus ?? []
    guard let first = cpus.first else { return }
    let base = "/sys/devices/system/cpu"
    let states = files.names("\(base)/cpu\(first)/cpuidle").compactMap { name in
      name.hasPrefix("state") ? Int(name.dropFirst(5)) : nil
    }.sorted()
    facts.idleStates = states.map { state in
      let folder = "cpuidle/state\(state)"
      let latency: Int64? = files.number("\(base)/cpu\(first)/\(folder)/latency")
      // A state that is off on one CPU only is worth a look as well; few CPUs report enough.
      let disabled = cpus.prefix(64).contains {
        files.line("\(base)/cpu\($0)/\(folder)/disable").map { $0 != "0" } ?? false
      }
      return MachineFacts.IdleState(
        name: files.line("\(base)/cpu\(first)/\(folder)/name") ?? "state\(state)",
        latency: latency.map(Nanoseconds.init(microseconds:)), disabled: disabled)
    }
  }

  private func firmware(_ facts: inout MachineFacts) {
    // The first processor's paragraph is enough, the file grows with the CPUs.
    let info = CPUInfo(files.text("/proc/cpuinfo", limit: 16_384) ?? "")
    facts.cpuModel = info["model name"] ?? info["cpu model"] ?? info["Processor"]
    facts.microcode = info["microcode"]
    let dmi = "/sys/class/dmi/id"
    func joined(_ names: [String]) -> String? {
      let words = names.compactMap { files.line("\(dmi)/\($0)") }.filter { !$0.isEmpty }
      return words.isEmpty ? nil : words.joined(separator: " ")
    }
    facts.board = joined(["sys_vendor", "product_name", "board_name"])
    facts.bios = joined(["bios_vendor", "bios_version", "bios_date"])
    facts.platform = PlatformReader(files: files).platform(
      info, architecture: facts.architecture, commandLine: facts.commandLine)
  }

  /// The word in brackets of `[none] integrity confidentiality`, or the text itself.
  static func chosen(_ text: String) -> String {
    guard let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]")
    else { return text }
    return String(text[text.index(after: open)..<close])
  }

  /// CPUs of `isolcpus=domain,managed_irq,2-3`: the words in front are flags.
  static func cpus(_ text: String) -> CPUSet? {
    CPUSet(
      list: text.split(separator: ",").filter { $0.first?.isNumber ?? false }.joined(separator: ",")
    )
  }

  /// The letters of Documentation/admin-guide/tainted-kernels.rst.
  static func taintLetters(_ taint: UInt64) -> String {
    let letters = Array("PFSRMBUDAWCIOELKXTNJ")
    return String(letters.indices.filter { taint >> UInt64($0) & 1 == 1 }.map { letters[$0] })
  }
}

extension KernelConfig {
  /// The architecture, as the configuration's first lines name it (`Linux/x86 6.18.0 Kernel
  /// Configuration`).
  fileprivate var architecture: String? {
    for line in SystemFiles.lines(String(text.prefix(400))) where line.hasPrefix("# Linux/") {
      return line.dropFirst(8).split(separator: " ").first.map(String.init)
    }
    return nil
  }
}
