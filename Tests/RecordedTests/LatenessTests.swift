import Analysis
import Captures
import Recorded
import Report
import Testing
import TraceModel

/// The search for all that is late, over small texts made here.
struct LatenessTests {
  /// What comes first, and how it is explained.
  private func first(
    _ text: String, _ change: (inout AnalyzeRequest) -> Void = { _ in }
  ) throws -> (analysis: SpikeAnalysis?, list: LatenessList?, remarks: [String]) {
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: "made")
    var request = AnalyzeRequest()
    change(&request)
    let verdicts = trace.analyze(request, toolVersion: "test")
    return (verdicts.reports.first?.analysis, verdicts.late, verdicts.remarks)
  }

  private func line(_ task: String, _ cpu: Int, _ time: String, _ event: String) -> String {
    let cpu = String("00\(cpu)".suffix(3))
    return "  \(task) [\(cpu)] d..2. \(time): \(event)\n"
  }

  private func change(
    _ cpu: Int, _ time: String, _ from: String, _ fromPriority: Int, _ state: String, _ to: String,
    _ toPriority: Int
  ) -> String {
    func parts(_ task: String) -> (Substring, Substring) {
      let dash = task.lastIndex(of: "-") ?? task.endIndex
      return (task[..<dash], task[dash...].dropFirst())
    }
    let (one, two) = (parts(from), parts(to))
    return line(
      from, cpu, time,
      "sched_switch: prev_comm=\(one.0) prev_pid=\(one.1) prev_prio=\(fromPriority) "
        + "prev_state=\(state) ==> next_comm=\(two.0) next_pid=\(two.1) next_prio=\(toPriority)")
  }

  private func wake(
    _ task: String, _ cpu: Int, _ time: String, _ comm: String, _ pid: Int, _ priority: Int,
    event: String = "sched_waking"
  ) -> String {
    line(
      task, cpu, time, "\(event): comm=\(comm) pid=\(pid) prio=\(priority) target_cpu=00\(cpu)")
  }

  @Test(arguments: [(0, 1_000_000), (3, 40), (7, 3_600_000)])
  func `the longest preemption of a normal task is the question`(cpu: Int, second: Int) throws {
    let text =
      change(cpu, "\(second).100000", "work-700", 120, "R", "rtmix-710", 89)
      + change(cpu, "\(second).300000", "rtmix-710", 89, "S", "work-700", 120)
    let found = try first(text)
    let analysis = try #require(found.analysis)
    #expect(analysis.culprit.culprit == .higherPriorityTask)
    #expect(analysis.culprit.name == "rtmix-710")
    #expect(analysis.sample.latency.microseconds == 200_000)
    #expect(analysis.culprit.confidence < .proven)
    #expect(found.list?.candidates.first?.kind == .preempted)
  }

  @Test func `a real-time thread comes before a normal task that waits longer`() throws {
    let text =
      change(1, "10.000000", "ctl-500", 20, "S", "hog-600", 120)
      + wake("hog-600", 1, "10.001000", "bg", 601, 120)
      + wake("hog-600", 1, "10.002000", "ctl", 500, 20)
      + change(1, "10.005000", "hog-600", 120, "R", "ctl-500", 20)
      + change(1, "10.006000", "ctl-500", 20, "S", "bg-601", 120)
    let found = try first(text)
    #expect(found.analysis?.sample.task.pid == 500)
    #expect(found.analysis?.sample.latency.microseconds == 3_000)
    #expect(found.list?.candidates.count ?? 0 >= 2)
    let second = try first(text) { $0.number = 2 }
    #expect(second.analysis?.sample.task.pid != 500)
    let none = try first(text) { $0.number = 9 }
    #expect(none.analysis == nil)
    #expect(none.remarks.first?.contains("no delay has number 9") ?? false)
  }

  @Test(arguments: ["folio_wait_bit_common", "mutex_wait"])
  func `an uninterruptible sleep is blocked where the kernel says`(function: String) throws {
    let text =
      change(2, "5.000000", "db-300", 120, "D", "swapper/2-0", 120)
      + wake("io-9", 0, "5.900000", "db", 300, 120)
      + line(
        "io-9", 0, "5.900001",
        "sched_blocked_reason: pid=300 iowait=0 caller=\(function)+0x9c/0x180")
      + change(2, "5.900050", "swapper/2-0", 120, "R", "db-300", 120)
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .blocked)
    #expect(analysis.culprit.name == function)
    #expect(analysis.culprit.nextStep.contains("io-9"))
    #expect(analysis.culprit.nextStep.contains("50 us for a CPU"))
    #expect(analysis.sample.latency.microseconds == 900_000)
  }

  @Test func `a sleep that can be interrupted is nobody's question`() throws {
    let text =
      change(2, "5.000000", "db-300", 120, "S", "swapper/2-0", 120)
      + wake("io-9", 0, "5.900000", "db", 300, 120)
      + change(2, "5.900050", "swapper/2-0", 120, "R", "db-300", 120)
    let found = try first(text)
    #expect(found.analysis?.culprit.culprit != .blocked)
    #expect(found.list?.candidates.contains { $0.kind == .blocked } == false)
  }

  @Test func `who still sleeps when the trace ends has slept until then`() throws {
    let text =
      change(2, "5.000000", "db-300", 120, "D", "swapper/2-0", 120)
      + line("io-9", 0, "8.000000", "cpu_idle: state=1 cpu_id=0")
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .blocked)
    #expect(analysis.culprit.confidence == .possible)
    #expect(analysis.sample.latency.microseconds == 3_000_000)
  }

  @Test(arguments: [(3, "NET_RX"), (1, "TIMER"), (4, "BLOCK")])
  func `a softirq that its thread ran late is deferred`(vector: Int, name: String) throws {
    let text =
      line("<...>-14", 2, "1.000000", "softirq_raise: vec=\(vector) [action=\(name)]")
      + line("ksoftirqd/2-22", 2, "1.004000", "softirq_entry: vec=\(vector) [action=\(name)]")
      + line("ksoftirqd/2-22", 2, "1.004010", "softirq_exit: vec=\(vector) [action=\(name)]")
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .softirqDeferred)
    #expect(analysis.culprit.name == name)
    #expect(analysis.culprit.nextStep.contains("sched_switch"))
    #expect(analysis.sample.latency.microseconds == 4_000)
  }

  @Test func `a device that interrupts again and again is a storm`() throws {
    var text = ""
    for step in 0..<60 {
      let time = 100_000 + step * 9
      text += line("app-8", 0, "2.\(time)", "irq_handler_entry: irq=41 name=nic")
      text += line("app-8", 0, "2.\(time + 3)", "irq_handler_exit: irq=41 ret=handled")
    }
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .interruptStorm)
    #expect(analysis.culprit.name == "irq 41 nic")
    #expect(analysis.culprit.nextStep.contains("60 times"))
  }

  @Test func `a work item behind another one of its worker names both`() throws {
    let text =
      line(
        "a-5", 1, "3.000000",
        "workqueue_execute_start: work struct 00000000aaaaaaa1: function slow_work"
      )
      .replacing("a-5", with: "kworker/1:0-60")
      + line(
        "b-6", 0, "3.001000",
        "workqueue_queue_work: work struct=00000000bbbbbbb2 function=quick_work workqueue=events "
          + "req_cpu=8192 cpu=1")
      + line(
        "kworker/1:0-60", 1, "3.040000",
        "workqueue_execute_end: work struct 00000000aaaaaaa1: function slow_work")
      + line(
        "kworker/1:0-60", 1, "3.040010",
        "workqueue_execute_start: work struct 00000000bbbbbbb2: function quick_work")
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .lateKworker)
    #expect(analysis.culprit.name == "quick_work")
    #expect(analysis.culprit.nextStep.contains("slow_work"))
    #expect(analysis.sample.latency.microseconds == 39_010)
  }

  @Test func `a call of another CPU that idle kept waiting is an idle exit`() throws {
    let text =
      line(
        "a-5", 1, "7.500148", "ipi_raise: target_mask=00000000,00000020 (Function call interrupts)")
      + line("<idle>-0", 5, "7.500159", "cpu_idle: state=2 cpu_id=5")
      + line("<idle>-0", 5, "7.500221", "cpu_idle: state=4294967295 cpu_id=5")
      + line("<idle>-0", 5, "7.500224", "ipi_entry: (Function call interrupts)")
      + line("<idle>-0", 5, "7.500227", "ipi_exit: (Function call interrupts)")
    let analysis = try #require(try first(text).analysis)
    #expect(analysis.culprit.culprit == .idleExit)
    #expect(analysis.culprit.claimed.microseconds == 62)
    #expect(analysis.culprit.confidence == .likely)
  }

  @Test func `lost events end what they may have hidden`() throws {
    let text =
      "# tracer: nop\n#\n" + change(1, "5.000000", "db-300", 120, "D", "swapper/1-0", 120)
      + "CPU:1 [LOST 17 EVENTS]\n" + wake("io-9", 1, "5.900000", "db", 300, 120)
      + change(1, "5.900050", "swapper/1-0", 120, "R", "db-300", 120)
    let found = try first(text)
    #expect(found.list?.candidates.contains { $0.kind == .blocked } == false)
  }

  @Test func `nothing late is said with the largest of each kind`() throws {
    var text = ""
    for step in 0..<400 {
      let time = String(100_000 + step * 100)
      text += wake("<idle>-0", 1, "4.\(time)", "app", 50, 120)
      text += change(1, "4.\(100_005 + step * 100)", "swapper/1-0", 120, "R", "app-50", 120)
      text += change(1, "4.\(100_020 + step * 100)", "app-50", 120, "S", "swapper/1-0", 120)
    }
    let found = try first(text)
    #expect(found.analysis == nil)
    let list = try #require(found.list)
    #expect(list.candidates.isEmpty)
    #expect(list.largest.map(\.kind) == [.wakeup])
    #expect(list.nothing.headline.contains("Nothing in this trace is late"))
  }

  @Test func `a stretch of time and a CPU narrow the search`() throws {
    let text =
      change(1, "5.000000", "db-300", 120, "D", "swapper/1-0", 120)
      + wake("io-9", 1, "5.900000", "db", 300, 120)
      + change(1, "5.900050", "swapper/1-0", 120, "R", "db-300", 120)
      + change(2, "6.000000", "log-301", 120, "D", "swapper/2-0", 120)
      + wake("io-9", 2, "6.100000", "log", 301, 120)
      + change(2, "6.100050", "swapper/2-0", 120, "R", "log-301", 120)
    #expect(try first(text).analysis?.sample.task.pid == 300)
    #expect(try first(text) { $0.cpu = 2 }.analysis?.sample.task.pid == 301)
    let late = try first(text) { $0.from = Nanoseconds(5_950_000_000) }
    #expect(late.analysis?.sample.task.pid == 301)
    let early = try first(text) { $0.to = Nanoseconds(5_950_000_000) }
    #expect(early.analysis?.sample.task.pid == 300)
    let one = try first(text) {
      $0.task = .comm("log")
      $0.cpu = 2
    }
    #expect(one.analysis?.sample.task.pid == 301)
  }

  @Test(arguments: 0..<60) func `damaged lines do not end the program`(seed: Int) throws {
    var bytes = Array(
      (change(1, "5.000000", "db-300", 120, "D", "swapper/1-0", 120)
        + line(
          "a-5", 1, "5.1", "ipi_raise: target_mask=ffffffff,fffffff0 (Function call interrupts)")
        + line("k-9", 1, "5.2", "hrtimer_expire_entry: hrtimer=ffff now=9223372036854775807")
        + line(
          "k-9", 1, "5.3", "hrtimer_start: hrtimer=ffff function=a expires=-9223372036854775808")
        + wake("io-9", 1, "5.900000", "db", 300, 120)).utf8)
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1
    for _ in 0..<3 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
    }
    guard let trace = try? RecordedTrace(bytes: bytes, name: "made") else { return }
    var request = AnalyzeRequest()
    request.all = true
    request.from = Nanoseconds(0)
    _ = trace.analyze(request, toolVersion: "test").reports.map(\.text)
    _ = trace.analyze(AnalyzeRequest(), toolVersion: "test").reports.map(\.text)
  }

  @Test func `waits as long as the clock goes are ranked without a trap`() throws {
    var text = ""
    for pid in 100..<124 {
      text += line(
        "sh-1", 1, "1.000000", "sched_waking: comm=t\(pid) pid=\(pid) prio=139 target_cpu=001")
    }
    for pid in 100..<124 {
      text += line(
        "sh-1", 1, "9223372036.0000\(pid - 90)",
        "sched_switch: prev_comm=sh prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=t\(pid) "
          + "next_pid=\(pid) next_prio=139")
    }
    #expect(try first(text).analysis != nil)
  }
}
