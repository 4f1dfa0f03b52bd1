import Analysis
import Foundation
import Report
import Testing
import TraceModel

@testable import Session
@testable import Tracefs

struct SurroundingsTests {
  private let cpu = "/sys/devices/system/cpu"

  @Test func `siblings are the others of a core`() throws {
    let tree = try TreeOfFiles([
      "\(cpu)/cpu0/topology/thread_siblings_list": "0,2\n",
      "\(cpu)/cpu1/topology/thread_siblings_list": "1\n",
      "\(cpu)/cpu2/topology/thread_siblings_list": "0,2\n",
    ])
    let found = SurroundingsCollector(tree.files).start(online: CPUSet([0, 1, 2]), log: nil)
    #expect(found.siblings == [0: CPUSet([2]), 1: CPUSet([]), 2: CPUSet([0])])
    let context = ContextCollector.context(of: ReportFacts(), surroundings: found)
    #expect(context.siblings?[0] == CPUSet([2]) && context.knows(.siblings))
  }

  @Test func `a machine without shared cores has no sibling to suspect`() throws {
    let tree = try TreeOfFiles(["\(cpu)/cpu0/topology/thread_siblings_list": "0\n"])
    let found = SurroundingsCollector(tree.files).start(online: CPUSet([0]), log: nil)
    #expect(!ContextCollector.context(of: ReportFacts(), surroundings: found).knows(.siblings))
    let bare = SurroundingsCollector(try TreeOfFiles().files).start(online: CPUSet([0]), log: nil)
    #expect(bare.siblings == nil)
  }

  @Test func `the nominal frequency is the base frequency, else the highest, of the spike's CPU`()
    throws
  {
    let tree = try TreeOfFiles([
      "\(cpu)/cpu0/cpufreq/base_frequency": "2400000\n",
      "\(cpu)/cpu0/cpufreq/cpuinfo_max_freq": "4500000\n",
      "\(cpu)/cpu1/cpufreq/cpuinfo_max_freq": "3000000\n",
    ])
    let found = SurroundingsCollector(tree.files).start(online: CPUSet([0, 1]), log: nil)
    func nominal(_ cpu: Int?) -> UInt32? {
      ContextCollector.context(of: ReportFacts(), surroundings: found, cpu: cpu).nominalKilohertz
    }
    #expect(nominal(0) == 2_400_000)
    #expect(nominal(1) == 3_000_000)
    #expect(nominal(nil) == 3_000_000)
  }

  @Test func `clock trouble is what the log says since the run began`() throws {
    let old = "4,10,100,-;clocksource: Switched to clocksource hpet\n6,11,101,-;eth0: link up\n"
    let before = KernelLog(records: old)
    let start = SurroundingsCollector(try TreeOfFiles().files).start(
      online: CPUSet([]), log: before)
    let collector = SurroundingsCollector(try TreeOfFiles().files)
    #expect(collector.hit(start, log: before, others: nil).clockTrouble == "")
    let line =
      "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because "
      + "the skew is too large:"
    let now = KernelLog(records: old + "4,12,102,-;\(line)\n")
    #expect(collector.hit(start, log: now, others: nil).clockTrouble == line)
    #expect(collector.hit(start, log: nil, others: nil).clockTrouble == nil)
  }

  @Test(arguments: [("Name:\tx\nTracerPid:\t4711\n", Int32(4_711)), ("TracerPid:\t0\n", 0)])
  func `who ptraces the measuring process stands in its status`(status: String, pid: Int32) throws {
    let tree = try TreeOfFiles(["/proc/self/status": status])
    let found = SurroundingsCollector(tree.files).hit(Surroundings(), log: nil, others: nil)
    #expect(found.ptracer == pid)
    let none = SurroundingsCollector(try TreeOfFiles().files).hit(
      Surroundings(), log: nil, others: nil)
    #expect(none.ptracer == nil)
  }

  private func instance(_ path: String, on: Bool, tracer: String, events: String)
    -> [String: String]
  {
    [
      "\(path)/tracing_on": on ? "1\n" : "0\n", "\(path)/current_tracer": tracer + "\n",
      "\(path)/set_event": events, "\(path)/trace_clock": "[local] mono\n",
    ]
  }

  @Test func `others that trace are named, oneself and those that do nothing are not`() throws {
    let own = try RunIdentity.current()
    var files = instance("/t", on: true, tracer: "nop", events: "")
    for (name, on, events) in [
      ("busy", true, "sched:sched_switch\nirq:irq_handler_entry\n"), ("idle", true, ""),
      ("stopped", false, "sched:sched_switch\n"),
      (InstanceName(run: own).text, true, "sched:sched_switch\n"),
    ] {
      files.merge(instance("/t/instances/\(name)", on: on, tracer: "nop", events: events)) {
        $1
      }
    }
    files["/t/enabled_functions"] = "schedule (1)\n"
    files["/t/kprobe_events"] = "p:kprobes/a do_sys_open\n"
    let tree = try TreeOfFiles(files)
    let root = TracefsRoot(path: tree.root + "/t")
    let others = SurroundingsCollector.others(
      root: root, run: own, tracesFunctions: false, files: ControlFiles())
    #expect(
      others == [
        "instance busy records 2 events", "1 functions are traced, probed or patched",
        "1 probes in kprobe_events",
      ])
    let functions = SurroundingsCollector.others(
      root: root, run: own, tracesFunctions: true, files: ControlFiles())
    #expect(functions?.contains { $0.contains("functions") } == false)
    // Another run of breaktrace is somebody else.
    let another = SurroundingsCollector.others(
      root: root, run: RunIdentity(pid: own.pid, startTime: 1), tracesFunctions: true,
      files: ControlFiles())
    #expect(another?.contains { $0.contains(InstanceName(run: own).text) } == true)
    let nowhere = SurroundingsCollector.others(
      root: TracefsRoot(path: tree.root + "/none"), run: own, tracesFunctions: false,
      files: ControlFiles())
    #expect(nowhere == nil)
  }

  @Test func `a top level that records is somebody's`() throws {
    let tree = try TreeOfFiles(instance("/t", on: true, tracer: "function", events: "a:b\n"))
    let others = SurroundingsCollector.others(
      root: TracefsRoot(path: tree.root + "/t"), run: try RunIdentity.current(),
      tracesFunctions: false, files: ControlFiles())
    #expect(others == ["the top level records tracer function, 1 events"])
  }
}
