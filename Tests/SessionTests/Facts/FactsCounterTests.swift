import Analysis
import Foundation
import Report
import Session
import Testing
import TraceModel

@Suite struct FactsCounterTests {
  private func stat(_ steal: Int) -> String {
    "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 1 0 0\ncpu1 1 2 3 4 5 6 7 \(steal) 0 0\nintr 5\n"
  }

  private func interrupts(_ timer: Int, _ disk: Int, extra: String = "") -> String {
    """
               CPU0       CPU1
      36:          0     \(disk)  PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
     LOC:     211295     \(timer)   Local timer interrupts
    \(extra)ERR:          0
    """
  }

  private func task(_ comm: String, minor: Int, priority: Int = 80, policy: Int = 1) -> String {
    "1813 (\(comm)) S 1 1 1 0 -1 64 \(minor) 0 2 0 9 9 0 0 -81 0 2 0 100 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
      + "-1 1 \(priority) \(policy) 0 0 0\n"
  }

  @Test func `counters are deltas of the hit's CPU and thread`() throws {
    let tree = try TreeOfFiles([
      "/proc/stat": stat(4), "/proc/interrupts": interrupts(100, 7),
      "/proc/self/task/1813/stat": task("breaktrace", minor: 10),
      "/proc/self/task/1813/status":
        "voluntary_ctxt_switches:\t100\nnonvoluntary_ctxt_switches:\t3\n",
      "/proc/self/cgroup": "0::/a.slice\n",
      "/sys/fs/cgroup/a.slice/cpu.stat": "nr_throttled 1\nthrottled_usec 500\n",
      "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "9\n",
      "/dev/kmsg": "6,1,2,-;booted\n",
    ])
    let collector = CounterCollector(tree.files)
    let before = collector.snapshot(threads: [1_813])
    let start = FactsCollector(tree.files).start()
    for (path, text) in [
      "/proc/stat": stat(7),
      "/proc/interrupts": interrupts(2_100, 7, extra: "  40:   1   5   chip new\n"),
      "/proc/self/task/1813/stat": task("break) (trace", minor: 12),
      "/proc/self/task/1813/status":
        "voluntary_ctxt_switches:\t2100\nnonvoluntary_ctxt_switches:\t5\n",
      "/sys/fs/cgroup/a.slice/cpu.stat": "nr_throttled 4\nthrottled_usec 800\n",
      "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "9\n",
      "/dev/kmsg": "6,1,2,-;booted\n KEY=x\n4,2,3,-;sched: RT throttling activated\n",
    ] { try tree.write(path, Data(text.utf8)) }
    var watch = StealWatch()
    watch.note([0: .zero, 1: Nanoseconds(60_000_000)], at: Nanoseconds(50))
    watch.note([0: .zero, 1: Nanoseconds(69_000_000)], at: Nanoseconds(200))
    let facts = FactsCollector(tree.files).hit(
      WakeupSample(
        cpu: 1, task: TaskIdentity(pid: 1_813, comm: "breaktrace"), policy: .fifo, priority: 80,
        sequence: 1, expiry: Nanoseconds(100), wake: Nanoseconds(300), threshold: nil,
        source: .sample), start: start, before: before, watch: watch,
      run: RunFacts(version: "x"), trace: nil, observer: nil, faultsInCycle: 2, ownThreads: [9])
    let counters = try #require(facts.counters)
    #expect(counters.stealRun == Nanoseconds(30_000_000))
    #expect(counters.stealHit == Nanoseconds(10_000_000), "since the reading before the expiry")
    #expect(counters.minorFaults == 2)
    #expect(counters.majorFaults == 0)
    #expect(counters.voluntarySwitches == 2_000)
    #expect(counters.involuntarySwitches == 2)
    #expect(counters.cgroupThrottles == 3)
    #expect(counters.cgroupThrottled == Nanoseconds(300_000))
    #expect(counters.thermalThrottles == 0)
    #expect(counters.smi == nil)
    #expect(counters.throttlingLogged == true)
    #expect(
      counters.interrupts == [
        CounterDeltas.Interrupt(name: "LOC", text: "Local timer interrupts", count: 2_000),
        CounterDeltas.Interrupt(name: "40", text: "chip new", count: 5),
      ])
    let context = try #require(facts.context).context
    #expect(context.steal == [0: Nanoseconds(10_000_000), 1: Nanoseconds(10_000_000)])
    #expect(context.throttlingLogged == true)
    #expect(context.pageFaults == 2)
    #expect(context.ownThreads == [9])
    #expect(context.platform == .unknown)
    #expect(context.countsSteal == true)
    #expect(context.smiCount == nil)
  }

  @Test func `steal time that stands at 0 on all CPUs may not be counted`() throws {
    let zero = "cpu  1 2 3 4 5 6 7 0 9 10\ncpu0 1 2 3 4 5 6 7 0 0 0\ncpu1 1 2 3 4 5 6 7 0 0 0\n"
    let tree = try TreeOfFiles(["/proc/stat": zero])
    #expect(CounterCollector(tree.files).snapshot().countsSteal == nil)
    try tree.write("/proc/stat", Data(stat(0).utf8))
    let snapshot = CounterCollector(tree.files).snapshot()
    #expect(snapshot.countsSteal == true, "CPU 0 has some")
    var watch = StealWatch()
    watch.note(snapshot.steal, at: .zero)
    #expect(watch.growth(to: snapshot.steal, since: .zero) == [0: .zero, 1: .zero], "known zeros")
    #expect(CounterSnapshot().countsSteal == nil)
  }

  @Test(
    arguments: [
      (.bareMetal, 0, 0), (.bareMetal, 2, 2), (.guest("KVM"), 0, nil), (.guest("KVM"), 2, 2),
      (.unknown, 0, nil), (.unknown, 2, 2), (.bareMetal, nil, nil),
    ] as [(SystemContext.Platform, UInt64?, UInt64?)])
  func `an SMI counter that stands still is a fact on bare metal only`(
    platform: SystemContext.Platform, read: UInt64?, known: UInt64?
  ) {
    var facts = ReportFacts()
    facts.machine = MachineFacts()
    facts.machine?.platform = platform
    facts.machine?.architecture = "x86_64"
    facts.counters = CounterDeltas(cpu: 1)
    facts.counters?.smi = read
    let context = ContextCollector.context(of: facts)
    #expect(context.smiCount == known)
    #expect(context.platform == platform)
    #expect(context.architecture == "x86_64")
  }

  @Test func `the SMI counter of each CPU is read, one that cannot be read is not known`() throws {
    func msr(_ count: UInt8) -> Data {
      Data(repeating: 0, count: 0x34) + [count, 1, 0, 0, 0xff, 0, 0, 0]
    }
    let tree = try TreeOfFiles(["/proc/stat": stat(0)])
    try tree.write("/dev/cpu/1/msr", msr(3))
    try tree.write("/dev/cpu/0/msr", Data([1, 2, 3]))
    let before = CounterCollector(tree.files).snapshot()
    #expect(before.smi == [1: 0x103])
    try tree.write("/dev/cpu/1/msr", msr(5))
    let after = CounterCollector(tree.files).snapshot()
    #expect(after.delta(since: before, cpu: 1, tid: nil).smi == 2)
    #expect(after.delta(since: before, cpu: 0, tid: nil).smi == nil)
    #expect(before.delta(since: before, cpu: 1, tid: nil).smi == 0)
    #expect(before.delta(since: after, cpu: 1, tid: nil).smi == nil, "it was reset in between")
  }

  @Test func `a steal watch without a reading before the spike says nothing`() {
    var watch = StealWatch()
    let now = [1: Nanoseconds(50)]
    #expect(watch.growth(to: now, since: Nanoseconds(10)).isEmpty)
    watch.note([1: Nanoseconds(20)], at: Nanoseconds(11))
    #expect(watch.growth(to: now, since: Nanoseconds(10)).isEmpty)
    #expect(watch.growth(to: now, since: Nanoseconds(11)) == [1: Nanoseconds(30)])
    for time in 12...20 { watch.note([1: Nanoseconds(Int64(time))], at: Nanoseconds(Int64(time))) }
    #expect(watch.growth(to: now, since: Nanoseconds(18)) == [1: Nanoseconds(32)])
    #expect(watch.growth(to: [1: .zero], since: Nanoseconds(18)) == [1: .zero])
  }

  @Test func `real-time threads are listed by urgency, whatever their names hold`() throws {
    let tree = try TreeOfFiles([
      "/proc/5/task/5/stat": "5 (a (b) c) R" + String(repeating: " 0", count: 36) + " 50 2\n",
      "/proc/5/task/6/stat": "6 (n) S" + String(repeating: " 0", count: 36) + " 0 0\n",
      "/proc/7/task/7/stat": "7 (m/0) S" + String(repeating: " 0", count: 35) + " 3 99 1\n",
      "/proc/8/task/8/stat": "8 (dl) S" + String(repeating: " 0", count: 36) + " 0 6\n",
      "/proc/9/task/9/stat": "9 (cut",
      "/proc/self/task/5/stat": "5 (twice) R" + String(repeating: " 0", count: 36) + " 50 2\n",
    ])
    let rows = RTThreadCollector(tree.files).collect()
    #expect(rows.map(\.tid) == [8, 7, 5])
    #expect(rows.map(\.comm) == ["dl", "m/0", "a (b) c"])
    #expect(rows.map(\.policy) == [.deadline, .fifo, .rr])
    #expect(rows.map(\.cpu) == [0, 3, 0])
    #expect(rows.map(\.classLetters) == ["DLN", "FF", "RR"])
  }

  @Test func `tunables are read with their units`() throws {
    let tree = try TreeOfFiles([
      "/proc/sys/kernel/sched_rt_runtime_us": "-1\n",
      "/proc/sys/kernel/sched_rt_period_us": "1000000\n",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "/proc/sys/kernel/printk": "7\t4\t1\t7\n",
      "/proc/consoles": "ttyS0                -W- (EC p a)    4:64\ntty0 -WU (E p) 4:1\n",
      "/proc/irq/default_smp_affinity": "f\n", "/proc/irq/7/smp_affinity_list": "0-3\n",
      "/proc/irq/10/smp_affinity_list": "2\n", "/proc/irq/9/smp_affinity_list": "0-3\n",
      "/proc/irq/8/smp_affinity_list": "0-3\n",
    ])
    try tree.write("/dev/cpu_dma_latency", Data([0x64, 0, 0, 0]))
    let tunables = TunablesCollector(tree.files).collect()
    #expect(tunables.rtRuntime == Nanoseconds(-1_000))
    #expect(tunables.rtPeriod == Nanoseconds(1_000_000_000))
    #expect(tunables.dmaLatency == Nanoseconds(100_000))
    #expect(tunables.hugePages == "madvise")
    #expect(tunables.printkLevel == 7)
    #expect(tunables.consoles == ["ttyS0", "tty0"])
    #expect(
      tunables.interruptAffinity == [
        Tunables.InterruptAffinity(cpus: "0-3", interrupts: "7-9"),
        Tunables.InterruptAffinity(cpus: "2", interrupts: "10"),
      ])
  }
}
