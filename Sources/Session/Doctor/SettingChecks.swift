import Analysis
import Report
import TraceModel
import Tracefs

/// Judges the settings of a machine by what they do to a measurement of latency.
struct SettingChecks {
  var evidence: DoctorEvidence
  var clock: ClockVerdict

  private var machine: MachineFacts { evidence.machine }
  private var tunables: Tunables { evidence.tunables }

  /// All verdicts, in a fixed order.
  var all: [SettingVerdict] {
    [
      platform, stealTime, smiCounter, preemption, governor, throttling, smt, isolation,
      clockSource, timerResolution, idle, dmaLatency, hugePages, numaBalancing, console, watchdog,
      nmiWatchdog, timerMigration, statInterval, debugging, lockdown, tracing,
    ].compactMap { $0 }
  }

  // MARK: the machine

  private var platform: SettingVerdict {
    switch machine.platform {
    case .bareMetal:
      SettingVerdict(
        name: "platform", value: "bare metal", state: .good, why: "no hypervisor takes the CPU")
    case .guest(let name):
      SettingVerdict(
        name: "platform", value: name.isEmpty ? "guest" : "guest of \(name)", state: .spoils,
        why: "the host can preempt the CPU at any time, for ms if it is overcommitted",
        remedy: "pin the virtual CPUs on the host, or measure on bare metal")
    case .unknown:
      SettingVerdict(
        name: "platform", value: "not known", state: .unknown,
        why: "a stretch without events may be a pause by a host or by the hardware",
        remedy: NeedRemedy.platform)
    }
  }

  /// Of interest where there may be a host.
  private var stealTime: SettingVerdict? {
    guard machine.platform != .bareMetal else { return nil }
    if evidence.counters.contains("steal") {
      return SettingVerdict(
        name: "steal time", value: "counted", state: .good,
        why: "/proc/stat counts a pause by the host, in units of a clock tick")
    }
    return SettingVerdict(
      name: "steal time", value: "0 since boot", state: .note,
      why: "the host may not count it; " + Self.silence(of: "the host"),
      remedy: NeedRemedy.steal)
  }

  /// The SMI counter, where a processor may have one that is the hardware's own.
  private var smiCounter: SettingVerdict? {
    guard !evidence.isGuest, evidence.isX86, evidence.processorVendor != nil else { return nil }
    guard evidence.countsSMI else {
      return SettingVerdict(
        name: "SMI counter", value: "none", state: .note,
        why: "this processor does not count SMIs; " + Self.silence(of: "the firmware"),
        remedy: evidence.has(tracer: "hwlat") ? "use -T hwlat" : "CONFIG_HWLAT_TRACER")
    }
    guard evidence.counters.contains("smi") else {
      return SettingVerdict(
        name: "SMI counter", value: "not readable", state: .note,
        why: Self.silence(of: "the firmware"),
        remedy: (evidence.isLockedDown ? "boot without lockdown= and Secure Boot, then " : "")
          + NeedRemedy.counter)
    }
    return SettingVerdict(
      name: "SMI counter", value: "readable", state: .good, why: "SMIs are counted on each CPU")
  }

  /// What the lack of a counter costs.
  private static func silence(of who: String) -> String {
    "verdicts on stretches without events are at most likely, because \(who) may have paused the CPU"
  }

  private var preemption: SettingVerdict {
    let value = machine.preemption
    let source = machine.preemptionSource.map { " (\($0))" } ?? ""
    switch value {
    case "rt":
      return SettingVerdict(
        name: "preemption", value: "rt\(source)", state: .good, why: "built for real time")
    case "full", "lazy":
      return SettingVerdict(
        name: "preemption", value: (value ?? "") + source, state: .note,
        why: "softirqs and spinlocks still delay real-time tasks",
        remedy: "CONFIG_PREEMPT_RT")
    case "none", "voluntary":
      let isDynamic =
        evidence.config?.value("PREEMPT_DYNAMIC") == "y"
        || (machine.version ?? "").contains("PREEMPT_DYNAMIC")
      return SettingVerdict(
        name: "preemption", value: (value ?? "") + source, state: .spoils,
        why: "kernel code is preempted only at voluntary points",
        remedy: isDynamic ? "boot with preempt=full" : "CONFIG_PREEMPT or CONFIG_PREEMPT_RT")
    default: return unknown("preemption", "no kernel configuration to read (CONFIG_IKCONFIG_PROC)")
    }
  }

  private var smt: SettingVerdict {
    switch machine.smt {
    case "on":
      SettingVerdict(
        name: "SMT", value: "on", state: .spoils,
        why: "the sibling slows down the core, which no trace shows",
        remedy: "echo off > /sys/devices/system/cpu/smt/control, or boot with nosmt")
    case let value? where machine.platform != .bareMetal:
      SettingVerdict(
        name: "SMT", value: value, state: .note,
        why: "virtual CPUs may still share a core of the host",
        remedy: "pin them to separate cores on the host")
    case let value?:
      SettingVerdict(name: "SMT", value: value, state: .good, why: "no sibling shares a core")
    case nil: unknown("SMT", "the kernel does not report it")
    }
  }

  private var isolation: SettingVerdict {
    let isolated = machine.isolated?.cpus ?? []
    let quiet = machine.nohzFull?.cpus ?? []
    guard isolated.isEmpty, quiet.isEmpty else {
      return SettingVerdict(
        name: "isolation",
        value: "isolated \(CPUSet(isolated).list), nohz_full \(CPUSet(quiet).list)", state: .good,
        why: "measure on these CPUs with -a")
    }
    return SettingVerdict(
      name: "isolation", value: "none", state: .note,
      why: "kernel threads, the tick and other tasks run on every CPU",
      remedy: "boot with isolcpus=, nohz_full= and rcu_nocbs= for the measured CPUs")
  }

  private var lockdown: SettingVerdict? {
    let mode = machine.lockdown == "none" ? nil : machine.lockdown
    guard evidence.isLockedDown else { return nil }
    return SettingVerdict(
      name: "lockdown", value: mode ?? "active according to the kernel log", state: .note,
      why: "the kernel may refuse tracers and probes",
      remedy: "boot without lockdown= and Secure Boot")
  }

  private var debugging: SettingVerdict? {
    guard let config = evidence.config else { return nil }
    let costly = [
      "PROVE_LOCKING", "DEBUG_LOCKDEP", "DEBUG_ATOMIC_SLEEP", "DEBUG_PREEMPT", "KASAN", "KCSAN",
      "UBSAN_TRAP", "SLUB_DEBUG_ON", "DEBUG_OBJECTS", "DEBUG_PAGEALLOC_ENABLE_DEFAULT", "LOCK_STAT",
    ].filter { config.value($0) == "y" }
    guard !costly.isEmpty else {
      return SettingVerdict(
        name: "debugging", value: "off", state: .good, why: "no costly debug options are set")
    }
    return SettingVerdict(
      name: "debugging", value: costly.map { "CONFIG_\($0)" }.joined(separator: ", "),
      state: .spoils, why: "debug checks lengthen every section",
      remedy: "use a kernel without them")
  }

  // MARK: clock

  private var clockSource: SettingVerdict {
    guard let source = machine.clockSource else {
      return unknown("clock source", "the kernel does not report it")
    }
    let good = ["tsc", "arch_sys_counter", "timebase", "riscv_clocksource", "stp"]
    if good.contains(source) {
      return SettingVerdict(
        name: "clock source", value: source, state: .good,
        why: "a reading costs \(clock.readingCost.count) ns")
    }
    let isSlow = clock.readingCost.count > 500
    // A hypervisor's clock is taken where the guest's counter is not offered as invariant;
    // elsewhere the kernel had a reason to give the counter up, and only x86 is known to keep it.
    let isHypervisors = ["kvm-clock", "xen"].contains(source) || source.hasPrefix("hyperv")
    return SettingVerdict(
      name: "clock source", value: source, state: isSlow ? .spoils : .note,
      why: "a reading costs \(clock.readingCost.count) ns",
      remedy: isHypervisors
        ? "an invariant TSC from the hypervisor (QEMU: -cpu host,+invtsc)"
        : "check the kernel log for why the TSC is not used"
          + (evidence.isX86 ? "; tsc=reliable" : ""))
  }

  private var timerResolution: SettingVerdict {
    guard clock.resolution.count > 1 else {
      return SettingVerdict(
        name: "timers", value: "high resolution", state: .good,
        why: "they expire with ns resolution")
    }
    return SettingVerdict(
      name: "timers", value: "\(clock.resolution.count) ns", state: .spoils,
      why: "timers expire only at the tick",
      remedy: "CONFIG_HIGH_RES_TIMERS, and no highres=off")
  }

  // MARK: power

  private var governor: SettingVerdict {
    guard let governors = machine.governors else {
      return SettingVerdict(
        name: "governor", value: "no cpufreq driver",
        state: machine.platform == .bareMetal ? .good : .note,
        why: machine.platform == .bareMetal
          ? "the kernel does not change the frequency"
          : "in a guest, the host controls the frequency")
    }
    let isFast = governors.split(separator: ",").allSatisfy {
      SystemFiles.trim($0).hasPrefix("performance")
    }
    return SettingVerdict(
      name: "governor", value: governors, state: isFast ? .good : .spoils,
      why: isFast ? "the CPUs do not slow down" : "a CPU starts slowly after idle",
      remedy: isFast
        ? nil : "cpupower frequency-set -g performance")
  }

  private var idle: SettingVerdict {
    guard let driver = machine.idleDriver, driver != "none" else {
      return SettingVerdict(
        name: "idle states", value: "no cpuidle driver",
        state: machine.platform == .bareMetal ? .good : .note,
        why: machine.platform == .bareMetal
          ? "idle is left at once" : "in a guest, the host takes over an idle CPU")
    }
    let deep = machine.idleStates.filter {
      !$0.disabled && ($0.latency ?? .zero) > Nanoseconds(microseconds: 10)
    }
    let states = deep.map { "\($0.name) \(($0.latency ?? .zero).microseconds) us" }
    return SettingVerdict(
      name: "idle states",
      value: "\(driver)\(states.isEmpty ? "" : ": " + states.joined(separator: ", "))",
      state: deep.isEmpty ? .good : .note,
      why: deep.isEmpty
        ? "leaving a state takes at most 10 us"
        : "deep states are used unless /dev/cpu_dma_latency is held",
      remedy: deep.isEmpty
        ? nil : "hold cpu_dma_latency in the application, or disable these states")
  }

  private var dmaLatency: SettingVerdict {
    guard let value = tunables.dmaLatency else {
      return unknown("cpu_dma_latency", "requires root and CONFIG_PM (/dev/cpu_dma_latency)")
    }
    let isOpen = value >= Nanoseconds(microseconds: 1_000_000)
    if evidence.isGuest {
      return SettingVerdict(
        name: "cpu_dma_latency", value: isOpen ? "no limit" : "\(value.microseconds) us",
        state: .note,
        why: "a run holds 0 like cyclictest, so an idle guest polls instead of yielding the CPU, "
          + "and the host may preempt it in return",
        remedy: "compare breaktrace -S -p 80 -D 60s with and without --default-system")
    }
    return SettingVerdict(
      name: "cpu_dma_latency", value: isOpen ? "no limit" : "\(value.microseconds) us",
      state: .note,
      why:
        "a run holds 0 like cyclictest; idle states are disabled meanwhile and restored afterwards",
      remedy: "measure with --default-system to see them")
  }

  // MARK: scheduling

  private var throttling: SettingVerdict {
    guard let runtime = tunables.rtRuntime, let period = tunables.rtPeriod else {
      return unknown("RT throttling", "the kernel does not report it")
    }
    guard runtime.count >= 0, runtime < period else {
      return SettingVerdict(
        name: "RT throttling", value: "off", state: .note,
        why: "an endless loop at real-time priority hangs the CPU")
    }
    return SettingVerdict(
      name: "RT throttling", value: "\(runtime.microseconds) of \(period.microseconds) us",
      state: .note,
      why:
        "real-time tasks that exhaust it are throttled for \((period - runtime).microseconds) us, the "
        + "measuring thread included",
      remedy: "sysctl kernel.sched_rt_runtime_us=-1, with care")
  }

  private var timerMigration: SettingVerdict {
    guard let value = tunables.timerMigration else {
      return unknown("timer_migration", "not available in this kernel")
    }
    return SettingVerdict(
      name: "timer_migration", value: "\(value)", state: value == 0 ? .good : .note,
      why: value == 0
        ? "timers stay where they were armed" : "timers of idle CPUs move to busy ones",
      remedy: value == 0 ? nil : "sysctl kernel.timer_migration=0")
  }

  private var statInterval: SettingVerdict? {
    guard let value = tunables.statInterval else { return nil }
    return SettingVerdict(
      name: "vm.stat_interval", value: "\(value) s", state: value <= 1 ? .note : .good,
      why: "a work item collects memory statistics on every CPU",
      remedy: value <= 1 ? "sysctl vm.stat_interval=120" : nil)
  }

  // MARK: memory

  private var hugePages: SettingVerdict {
    guard let value = tunables.hugePages else {
      return SettingVerdict(
        name: "huge pages", value: "not built in", state: .good, why: "no pages are collapsed")
    }
    return SettingVerdict(
      name: "huge pages", value: value, state: value == "always" ? .spoils : .good,
      why: value == "always"
        ? "khugepaged moves pages and flushes the TLBs of running tasks" : "only on request",
      remedy: value == "always"
        ? "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" : nil)
  }

  private var numaBalancing: SettingVerdict {
    guard let value = tunables.numaBalancing else {
      return SettingVerdict(
        name: "NUMA balancing", value: "not built in", state: .good, why: "no pages are unmapped")
    }
    return SettingVerdict(
      name: "NUMA balancing", value: "\(value)", state: value == 0 ? .good : .spoils,
      why: value == 0 ? "off" : "pages are unmapped to track their use, which causes page faults",
      remedy: value == 0 ? nil : "sysctl kernel.numa_balancing=0")
  }

  // MARK: others

  private var console: SettingVerdict {
    guard let level = tunables.printkLevel else {
      return unknown("printk console", "the kernel does not report it")
    }
    let serial = tunables.consoles.filter {
      $0.hasPrefix("tty") && $0.dropFirst(3).first?.isLetter ?? false
    }
    let value = "level \(level) on \(tunables.consoles.joined(separator: ", "))"
    guard !serial.isEmpty else {
      return SettingVerdict(
        name: "printk console", value: value, state: .good, why: "no serial console")
    }
    return SettingVerdict(
      name: "printk console", value: value, state: level > 4 ? .spoils : .note,
      why: "a line of 80 characters occupies a CPU for 7 ms at 115200 baud",
      remedy: "boot without console=\(serial[0]), or dmesg -n 1")
  }

  private var watchdog: SettingVerdict {
    guard let value = tunables.watchdog else {
      return SettingVerdict(
        name: "watchdog", value: "not built in", state: .good, why: "no lockup detector runs")
    }
    let seconds = tunables.watchdogThreshold.map { " every \($0 * 2 / 5) s" } ?? ""
    return SettingVerdict(
      name: "watchdog", value: "\(value)", state: value == 0 ? .good : .note,
      why: value == 0 ? "off" : "a timer and the stopper thread run on every CPU\(seconds)",
      remedy: value == 0 ? nil : "sysctl kernel.watchdog=0")
  }

  private var nmiWatchdog: SettingVerdict? {
    guard let value = tunables.nmiWatchdog else { return nil }
    return SettingVerdict(
      name: "NMI watchdog", value: "\(value)", state: value == 0 ? .good : .note,
      why: value == 0 ? "off" : "an NMI of a few us runs on every CPU",
      remedy: value == 0 ? nil : "sysctl kernel.nmi_watchdog=0")
  }

  private var tracing: SettingVerdict? {
    guard let capabilities = evidence.capabilities else { return nil }
    let users = capabilities.otherUsers
    return SettingVerdict(
      name: "other tracing", value: users.isEmpty ? "none" : users.joined(separator: "; "),
      state: users.isEmpty ? .good : .spoils,
      why: users.isEmpty
        ? "no other tool traces" : "each event that they record costs time",
      remedy: users.isEmpty ? nil : "stop it, see `breaktrace status`")
  }

  private func unknown(_ name: String, _ why: String) -> SettingVerdict {
    SettingVerdict(name: name, value: "not known", state: .unknown, why: why)
  }
}
