import Analysis
import Foundation
import Report
import Session
import Testing
import TraceModel

@Suite struct FactsMachineTests {
  static let tree = [
    "/proc/sys/kernel/ostype": "Linux\n", "/proc/sys/kernel/osrelease": "6.12.1-rt5\n",
    "/proc/sys/kernel/version": "#1 SMP PREEMPT_DYNAMIC Mon\n", "/proc/sys/kernel/arch": "x86_64\n",
    "/proc/cmdline": "quiet isolcpus=domain,2-3 nohz_full=3 rcu_nocbs=3 preempt=voluntary -- a=b\n",
    "/boot/config-6.12.1-rt5":
      "# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_HZ=1000\nCONFIG_PREEMPT=y\n",
    "/proc/sys/kernel/tainted": "4097\n",
    "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    "/sys/devices/system/cpu/online": "0-3\n", "/sys/devices/system/cpu/isolated": "2-3\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
    "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "performance\n",
    "/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor": "schedutil\n",
    "/sys/devices/system/cpu/cpuidle/current_driver": "intel_idle\n",
    "/sys/devices/system/cpu/cpuidle/current_governor": "menu\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state0/name": "POLL\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state0/latency": "0\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state10/name": "C10\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state10/latency": "890\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state10/disable": "0\n",
    "/sys/devices/system/cpu/cpu3/cpuidle/state10/disable": "1\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state2/name": "C1\n",
    "/sys/devices/system/cpu/smt/control": "off\n",
    "/sys/devices/system/node/node0/cpulist": "0-1\n",
    "/sys/devices/system/node/node1/cpulist": "2-3\n",
    "/proc/cpuinfo":
      "processor\t: 0\nmodel name\t: Made Up CPU\nmicrocode\t: 0x2b\nflags\t\t: fpu sse\n\n"
      + "processor\t: 1\nmodel name\t: Other\n",
    "/sys/class/dmi/id/sys_vendor": "ACME\n", "/sys/class/dmi/id/board_name": "B1\n",
    "/sys/class/dmi/id/bios_version": "1.2\n", "/sys/class/dmi/id/bios_date": "04/01/2020\n",
  ]

  private func collect(_ files: [String: String]) throws -> MachineFacts {
    let tree = try TreeOfFiles(files)
    let collector = MachineCollector(tree.files)
    return collector.collect(config: KernelConfig(tree.files, release: collector.release))
  }

  @Test func `a full tree gives every fact`() throws {
    let facts = try collect(Self.tree)
    #expect(facts.release == "6.12.1-rt5")
    #expect(facts.architecture == "x86_64")
    #expect(facts.preemption == "voluntary")
    #expect(facts.preemptionSource == "boot option preempt=")
    #expect(facts.hz == 1_000)
    #expect(facts.isolated == CPUSet([2, 3]))
    #expect(facts.nohzFull == CPUSet([3]))
    #expect(facts.rcuNoCallbacks == "3")
    #expect(facts.clockSource == "tsc")
    #expect(facts.governors == "performance: 0-1, schedutil: 2")
    #expect(facts.idleDriver == "intel_idle")
    #expect(facts.idleStates.map(\.name) == ["POLL", "C1", "C10"])
    #expect(facts.idleStates.map(\.disabled) == [false, false, true])
    #expect(facts.idleStates.last?.latency == Nanoseconds(890_000))
    #expect(facts.smt == "off")
    #expect(facts.numaNodes == 2)
    #expect(facts.cpuModel == "Made Up CPU")
    #expect(facts.microcode == "0x2b")
    #expect(facts.platform == .bareMetal)
    #expect(facts.board == "ACME B1")
    #expect(facts.bios == "1.2 04/01/2020")
    #expect(facts.taint == 4_097)
    #expect(facts.taintLetters == "PO")
    #expect(facts.lockdown == "integrity")
  }

  @Test func `a tree without files gives no facts`() throws {
    #expect(try collect([:]) == MachineFacts())
    let tree = try TreeOfFiles()
    #expect(TunablesCollector(tree.files).collect() == Tunables())
    #expect(RTThreadCollector(tree.files).collect() == [])
    #expect(CounterCollector(tree.files).snapshot(threads: [1]) == CounterSnapshot())
    #expect(KernelLog(tree.files) == nil)
  }

  @Test func `every file may hold anything`() throws {
    let odd: [Data] = [
      Data(), Data([0]), Data([0xff, 0xfe, 0x0a]), Data("-9223372036854775808\n".utf8),
      Data("99999999999999999999999\n".utf8),
      Data("cpu0 1 2 3 4 5 6 7 9223372036854775807 0\n".utf8),
      Data(": : :\n:\n\n;\n".utf8), Data("           CPU0 CPUx\n 1: 99999999999999999999 x\n".utf8),
      Data("0-99999999999,5-1\n".utf8), Data("\"a b=c\n[x\n".utf8),
      Data(
        "1 (a) R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -2147483648 1\n"
          .utf8),
    ]
    for content in odd {
      let tree = try TreeOfFiles()
      for path in Self.tree.keys { try tree.write(path, content) }
      for path in [
        "/proc/stat", "/proc/interrupts", "/proc/consoles", "/proc/irq/5/smp_affinity_list",
        "/proc/sys/kernel/printk", "/dev/kmsg", "/dev/cpu_dma_latency", "/proc/self/cgroup",
        "/proc/7/task/7/stat", "/proc/self/task/7/stat", "/proc/self/task/7/status",
        "/proc/sys/kernel/sched_rt_runtime_us", "/sys/fs/cgroup/cpu.stat",
        "/sys/hypervisor/type", "/sys/class/dmi/id/product_name",
      ] { try tree.write(path, content) }
      let collector = FactsCollector(tree.files)
      let start = collector.start()
      let before = CounterCollector(tree.files).snapshot(threads: [7])
      let facts = collector.hit(
        WakeupSample(
          cpu: 0, task: TaskIdentity(pid: 7, comm: "x"), policy: .fifo, priority: 1, sequence: 1,
          expiry: .zero, wake: Nanoseconds(1), threshold: nil, source: .sample),
        start: start, before: before, watch: StealWatch(), run: RunFacts(version: "x"), trace: nil,
        observer: nil)
      #expect(try ReportFacts(json: facts.json) == facts)
    }
  }

  @Test(
    arguments: [
      ("#1 SMP PREEMPT_RT", "", "CONFIG_PREEMPT_RT=y", "rt"),
      ("#1 SMP PREEMPT_DYNAMIC", "", "CONFIG_PREEMPT_NONE=y\nCONFIG_PREEMPT_DYNAMIC=y", "none"),
      ("#1 SMP PREEMPT_DYNAMIC", "preempt=full", "CONFIG_PREEMPT_NONE=y", "full"),
      ("#1 SMP PREEMPT_DYNAMIC", "preempt=lazy", "CONFIG_PREEMPT=y", "lazy"),
      ("#1 SMP PREEMPT_DYNAMIC", "preempt=rt", "CONFIG_PREEMPT_LAZY=y", "lazy"),
      ("#1 SMP PREEMPT_DYNAMIC", "a -- preempt=full", "CONFIG_PREEMPT_VOLUNTARY=y", "voluntary"),
      ("#1 SMP PREEMPT", "preempt=none", "", "full"),
      ("#1 SMP", "", "CONFIG_PREEMPT_NONE=y", "none"),
      ("#1 SMP", "", "", nil), ("#1 SMP PREEMPT_DYNAMIC", "", "# CONFIG_PREEMPT is not set", nil),
    ] as [(String, String, String, String?)])
  func `the preemption model comes from version, boot option or configuration`(
    version: String, options: String, config: String, model: String?
  ) throws {
    let facts = try collect([
      "/proc/sys/kernel/osrelease": "1", "/proc/sys/kernel/version": version,
      "/proc/cmdline": options, "/boot/config-1": config,
    ])
    #expect(facts.preemption == model)
  }

  @Test func `a packed configuration is read through gzip`() throws {
    let tree = try TreeOfFiles()
    let plain = URL(filePath: tree.root + "/config")
    try Data("CONFIG_HZ=250\nCONFIG_X=\"a b\"\n# CONFIG_Y is not set\n".utf8).write(to: plain)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-k", plain.path]
    try process.run()
    process.waitUntilExit()
    try tree.write("/proc/config.gz", Data(contentsOf: URL(filePath: plain.path + ".gz")))
    let config = try #require(KernelConfig(tree.files, release: "none"))
    #expect(config.value("HZ") == "250")
    #expect(config.value("X") == "a b")
    #expect(config.value("Y") == nil)
    try tree.write("/proc/config.gz", Data("no gzip".utf8))
    #expect(KernelConfig(tree.files, release: "none") == nil)
  }
}
