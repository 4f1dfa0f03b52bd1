import FoundationEssentials
import Glibc
import RingBuffer

/// Directories in which every file of interest is the same input: what a collector reads from any
/// of them, it reads from the input.
struct FileTree {
  /// The directory of all.
  let root: String
  private let input: NamelessFile

  /// Makes the directories in the one for temporary files.
  init?(_ fixture: Fixture) {
    guard let input = NamelessFile() else { return nil }
    self.input = input
    root = "\(NamelessFile.directory)/breaktrace-fuzz-tree-\(getpid())"
    do {
      for path in Self.inputs { try link(path) }
      try write("/sys/devices/system/cpu/online", Array("0-1\n".utf8))
      try fill(fixture)
    } catch {
      return nil
    }
  }

  /// What all files hold from now on.
  func set(_ bytes: [UInt8]) { input.set(bytes) }

  /// Removes the directories.
  func remove() { try? FileManager.default.removeItem(atPath: root) }

  private func parent(_ path: String) throws {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    try FileManager.default.createDirectory(
      atPath: root + folder.joined(separator: "/"), withIntermediateDirectories: true)
  }

  private func link(_ path: String) throws {
    try parent(path)
    _ = symlink(input.path, root + path)
  }

  private func write(_ path: String, _ bytes: [UInt8]) throws {
    try parent(path)
    try Data(bytes).write(to: URL(filePath: root + path))
  }

  /// Raw page dumps: with a changed head, with changed texts, with changed pages.
  private func fill(_ fixture: Fixture) throws {
    let pages = fixture.pages.prefix(2).flatMap { $0 }
    for folder in ["/head", "/texts", "/pages"] {
      for format in fixture.trace.formats where format.system == "sched" {
        guard let line = format.text.split(separator: "\n").first else { continue }
        try write(
          "\(folder)/events/sched/\(line.dropFirst(6))/format", Array(format.text.utf8))
      }
      if folder != "/head" {
        try write(folder + "/header_page", Array(fixture.trace.headerPage.utf8))
      }
      if folder != "/pages" { try write(folder + "/cpu0.raw", pages) }
    }
    try link("/head/header_page")
    try link("/texts/events/sched/input/format")
    for name in ["saved_cmdlines", "kallsyms", "printk_formats", "trace_clock", "header_event"] {
      try link("/texts/\(name)")
    }
    try link("/pages/cpu0.raw")
    try link("/bundle/SHA256SUMS")
    try write("/bundle/report.txt", Array("x\n".utf8))
  }

  private static let inputs: [String] = {
    let kernel = [
      "ostype", "osrelease", "version", "arch", "tainted", "sched_rt_runtime_us",
      "sched_rt_period_us", "numa_balancing", "watchdog", "nmi_watchdog", "watchdog_thresh",
      "timer_migration", "sched_autogroup_enabled", "printk",
    ].map { "/proc/sys/kernel/\($0)" }
    let proc = [
      "cmdline", "cpuinfo", "stat", "interrupts", "consoles", "kallsyms", "self/cgroup",
      "self/status", "self/mounts", "self/task/7/stat", "self/task/7/status", "7/task/7/stat",
      "7/stat", "irq/default_smp_affinity", "irq/5/smp_affinity_list", "sys/vm/stat_interval",
    ].map { "/proc/\($0)" }
    let cpu = ["isolated", "nohz_full", "smt/control", "cpuidle/current_driver"]
      .map { "/sys/devices/system/cpu/\($0)" }
    let each = ["cpu0", "cpu1"].flatMap { name in
      [
        "cpufreq/scaling_governor", "cpufreq/base_frequency", "topology/thread_siblings_list",
        "cpuidle/state0/name", "cpuidle/state0/latency", "cpuidle/state0/disable",
        "thermal_throttle/core_throttle_count",
      ].map { "/sys/devices/system/cpu/\(name)/\($0)" }
    }
    let other = [
      "/dev/kmsg", "/dev/cpu_dma_latency", "/sys/kernel/realtime", "/sys/kernel/security/lockdown",
      "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/fs/cgroup/cpu.stat",
      "/sys/class/dmi/id/sys_vendor", "/sys/devices/virtual/workqueue/cpumask",
      "/sys/devices/system/clocksource/clocksource0/current_clocksource",
      "/sys/devices/system/clocksource/clocksource0/available_clocksource",
    ]
    let instance = [
      "tracing_on", "current_tracer", "set_event", "trace_clock", "buffer_size_kb",
    ]
    let tracing =
      instance + instance.map { "instances/breaktrace.7.9/\($0)" } + [
        "available_events", "available_tracers", "trace_options", "tracing_thresh",
        "enabled_functions", "synthetic_events", "kprobe_events", "set_ftrace_filter",
        "events/sched/sched_waking/trigger",
      ]
    return kernel + proc + cpu + each + other + tracing.map { "/tracing/\($0)" }
      + ["/journals/7.9.journal"]
  }()
}
