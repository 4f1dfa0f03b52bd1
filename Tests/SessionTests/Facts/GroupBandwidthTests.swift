import Foundation
import Report
import Testing
import TraceModel

@testable import Session

@Suite struct GroupBandwidthTests {
  @Test func `the group of the thread counts, not that of the process`() throws {
    let tree = try TreeOfFiles([
      "/proc/self/cgroup": "4:cpu,cpuacct:/\n0::/\n",
      "/proc/self/task/7/cgroup": "4:cpu,cpuacct:/limited\n0::/\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.stat":
        "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
      "/sys/fs/cgroup/cpu,cpuacct/limited/cpu.stat":
        "nr_periods 9\nnr_throttled 2\nthrottled_time 5000000\n",
    ])
    let collector = CounterCollector(tree.files)
    let before = collector.snapshot(threads: [7])
    try tree.write(
      "/sys/fs/cgroup/cpu,cpuacct/limited/cpu.stat",
      Data("nr_periods 12\nnr_throttled 4\nthrottled_time 77000000\n".utf8))
    let now = collector.snapshot(threads: [7])
    let own = now.delta(since: before, cpu: 0, tid: 7)
    #expect(own.cgroupThrottles == 2)
    #expect(own.cgroupThrottled == Nanoseconds(72_000_000))
    let process = now.delta(since: before, cpu: 0, tid: nil)
    #expect(process.cgroupThrottled == .zero)
  }

  @Test(arguments: ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"])
  func `a limit of a group above counts too, wherever version 2 is mounted`(mount: String) throws {
    let tree = try TreeOfFiles([
      "/proc/self/cgroup": "0::/a.slice/b.service\n",
      "\(mount)/a.slice/b.service/cpu.stat": "nr_throttled 0\nthrottled_usec 0\n",
      "\(mount)/a.slice/cpu.stat": "nr_throttled 1\nthrottled_usec 100\n",
      "\(mount)/cpu.stat": "usage_usec 5\n",
    ])
    let collector = CounterCollector(tree.files)
    let before = collector.bandwidth(of: [])
    try tree.write(
      "\(mount)/a.slice/cpu.stat", Data("nr_throttled 3\nthrottled_usec 900\n".utf8))
    let grown = try #require(
      before[0].flatMap { collector.bandwidth(of: [])[0]?.growth(since: $0) })
    #expect(grown == GroupBandwidth.Level(count: 2, time: Nanoseconds(800_000)))
  }

  @Test func `the reading before the spike is what a thread's growth is counted from`() throws {
    func reading(_ milliseconds: Int64) -> GroupBandwidth {
      var groups = GroupBandwidth()
      groups.levels["/g"] = GroupBandwidth.Level(
        count: 1, time: Nanoseconds(milliseconds * 1_000_000))
      return groups
    }
    var watch = StealWatch()
    watch.note([:], bandwidth: [7: reading(10)], at: Nanoseconds(100))
    watch.note([:], bandwidth: [7: reading(30)], at: Nanoseconds(200))
    watch.note([:], bandwidth: [7: reading(90)], at: Nanoseconds(300))
    let now = reading(100)
    #expect(watch.throttled(now, tid: 7, since: Nanoseconds(250)) == Nanoseconds(70_000_000))
    #expect(watch.throttled(now, tid: 7, since: Nanoseconds(50)) == nil)
    #expect(watch.throttled(now, tid: 8, since: Nanoseconds(250)) == nil)
    #expect(watch.throttled(nil, tid: 7, since: Nanoseconds(250)) == nil)
  }

  @Test func `a throttling line of before the run is no evidence`() throws {
    let log = KernelLog(
      records: "4,2,3,-;sched: RT throttling activated\n6,5,9,-;something\n")
    #expect(log.hasThrottling(after: 0))
    #expect(!log.hasThrottling(after: 2))
  }
}
