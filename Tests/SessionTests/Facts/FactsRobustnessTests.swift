import Foundation
import Report
import Testing
import TraceModel

@testable import Session

/// Files of /proc that are cut or changed: what is not available is not reported, and nothing
/// traps.
@Suite struct FactsRobustnessTests {
  private static let files = [
    "/proc/stat":
      "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 1 0 0\ncpu1 1 2 3 4 5 6 7 60 0 0\n",
    "/proc/interrupts":
      "      CPU0       CPU1\n 36:    0   5  PCI-MSIX 1-edge  disk\nLOC:   11   7   Local timer interrupts\nERR: 0\n",
    "/proc/self/task/7/stat":
      "7 (a) (b) S 1 1 1 0 -1 64 12 0 2 0 9 9 0 0 -81 0 2 0 100 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1 1 80 1 0\n",
    "/proc/self/task/7/status": "voluntary_ctxt_switches:\t100\nnonvoluntary_ctxt_switches:\t3\n",
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/cpu.stat": "nr_throttled 4\nthrottled_usec 800\n",
    "/proc/cmdline": "isolcpus=domain,2-3 preempt=full \"a b\" -- c=d\n",
    "/proc/cpuinfo": "model name\t: X\nflags\t: fpu hypervisor\n\nmodel name\t: Y\n",
    "/dev/kmsg": "6,1,2,-;booted\n KEY=x\n4,2,3,-;sched: RT throttling activated\n",
    "/sys/devices/system/cpu/isolated": "2-3\n",
    "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "/proc/sys/kernel/sched_rt_runtime_us": "950000\n", "/proc/sys/kernel/tainted": "4097\n",
    "/proc/sys/kernel/printk": "4 4 1 7\n", "/proc/consoles": "ttyS0 -W- (EC) 4:64\n",
  ]

  private func collect(_ files: SystemFiles, before: CounterSnapshot) throws -> ReportFacts {
    let collector = FactsCollector(files)
    let sample = WakeupSample(
      cpu: 1, task: TaskIdentity(pid: 7, comm: "x"), policy: .fifo, priority: 80, sequence: 1,
      expiry: Nanoseconds(100), wake: Nanoseconds(300), threshold: nil, source: .sample)
    var watch = StealWatch()
    watch.note([0: .zero, 1: Nanoseconds(.min)], at: .zero)
    var start = collector.start()
    // All of the log is the run's.
    start.surroundings.logSequence = 0
    return collector.hit(
      sample, start: start, before: before, watch: watch, run: RunFacts(version: "x"),
      trace: nil, observer: nil)
  }

  @Test(arguments: Self.files.keys.sorted())
  func `every prefix and every changed byte of a file gives facts`(path: String) throws {
    let tree = try TreeOfFiles(Self.files)
    let before = CounterCollector(tree.files).snapshot(threads: [7])
    let bytes = Array(try #require(Self.files[path]).utf8)
    var seen: Set<String> = []
    func attempt(_ changed: [UInt8]) throws {
      try tree.write(path, Data(changed))
      let facts = try collect(tree.files, before: before)
      let json = try facts.json
      #expect(try ReportFacts(json: json) == facts)
      seen.insert(json)
    }
    for index in stride(from: 0, to: bytes.count, by: 2) {
      try attempt(Array(bytes[..<index]))
      for value in Array("9-\u{1}\n".utf8) + [bytes[index] ^ 0xff] {
        var changed = bytes
        changed[index] = value
        try attempt(changed)
      }
      try attempt(Array(bytes[..<index]) + Array("99999999999999999999".utf8) + bytes[index...])
    }
    #expect(seen.count > 1)
  }

  @Test func `a kernel's configuration is read however it is cut or changed`() {
    let bytes = Array(
      "# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_HZ=1000\nCONFIG_X=\"\"\nCONFIG_PREEMPT=y\n"
        .utf8)
    var values: Set<String?> = []
    for index in bytes.indices {
      for value in [0, 0x0a, 0x22, 0x3d, 0x43, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] = value
        for some in [changed, Array(changed[..<index])] {
          values.insert(KernelConfig(text: String(decoding: some, as: UTF8.self)).value("HZ"))
        }
      }
    }
    #expect(values.contains("1000") && values.contains(nil) && values.count > 4)
  }
}
