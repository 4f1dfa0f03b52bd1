import Testing
import TraceModel

@testable import Analysis

/// What ordinary loads of an ordinary machine leave in a trace, and what only looks like it.
@Suite struct OrdinaryLoadTests {
  typealias Build = TimelineBuilder

  private static func timer(
    _ build: inout TimelineBuilder, _ time: Double, _ function: String, pid: Int32 = 77
  ) {
    build.add(
      time, pid: pid,
      .hrtimerExpireEntry(
        timer: 0xd1, function: Scenarios.place(function), now: Build.at(time)),
      flags: Scenarios.hard)
    build.add(time + 1, pid: pid, .hrtimerExpireExit(timer: 0xd1), flags: Scenarios.hard)
  }

  private static func armed(_ build: inout TimelineBuilder, _ time: Double, _ function: String) {
    build.add(
      time, pid: worker.pid,
      .hrtimerStart(
        timer: 0xd1, function: Scenarios.place(function), expires: Build.at(time + 950_000),
        softExpires: Build.at(time + 950_000), mode: "ABS"), flags: Scenarios.hard)
  }

  /// A normal task gets the CPU from a hog, the thread wakes meanwhile and gets it at the end.
  private func turn(
    timer: String?, lead: Double = 3, end: String? = "dl_task_timer",
    _ change: @escaping (inout SystemContext) -> Void = { _ in }
  ) -> SpikeAnalysis {
    Scenario(
      .deadlineServer, "", .proven, wake: 40_010,
      context: {
        // Both are there: the kernel does not say which of the two it was, its timers do.
        $0.hasDeadlineServer = true
        $0.hasRTGroupScheduling = true
        $0.rtRuntime = Nanoseconds(950_000_000)
        change(&$0)
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: Scenarios.hog)
      if let timer { Self.timer(&own, 500 - lead, timer) }
      own.change(500, from: Scenarios.hog, state: .runnable, to: worker)
      own.wake(at: 901, interrupting: worker.pid, stack: Build.interruptStack)
      for step in stride(from: 5_000.0, to: 40_000, by: 4_000) {
        own.add(step, pid: worker.pid, .softirqRaise(vector: 1))
      }
      if let end { Self.armed(&own, 39_998, end) }
      own.change(40_000, from: worker, state: .runnable, to: measured)
      own.finish(at: 40_005)
    }.analysis
  }

  @Test func `a turn of the deadline server is told by its timer on both ends`() {
    let result = turn(timer: "dl_task_timer")
    #expect(result.culprit.culprit == .deadlineServer)
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.evidence.count == 3)
    #expect(result.refuted.contains { $0.culprit == .rtThrottling })
    #expect(result.sumsAreExact)
  }

  @Test func `a turn whose end was not recorded is likely`() {
    #expect(turn(timer: "dl_task_timer", end: nil).culprit.confidence == .likely)
  }

  @Test(arguments: [
    (nil, 3.0), ("sched_rt_period_timer", 3), ("hrtimer_wakeup", 3), ("dl_task_timer", 400),
  ])
  func `other timers and timers without effect are no turn of the server`(
    timer: String?, lead: Double
  ) {
    let result = turn(timer: timer, lead: lead)
    #expect(result.culprit.culprit != .deadlineServer)
    #expect(result.sumsAreExact)
  }

  @Test func `idle beside runnable real-time tasks is throttling, not the server's turn`() {
    let result = Scenario(
      .rtThrottling, "", .proven, wake: 40_010,
      context: {
        $0.hasDeadlineServer = true
        $0.hasRTGroupScheduling = true
        $0.rtRuntime = Nanoseconds(950_000_000)
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: Scenarios.hog)
      Self.timer(&own, 497, "dl_task_timer")
      own.change(500, from: Scenarios.hog, state: .runnable, to: worker)
      own.wake(at: 901, interrupting: worker.pid, stack: Build.interruptStack)
      own.change(8_000, from: worker, state: .blocked("S"), to: idle)
      Self.timer(&own, 39_990, "sched_rt_period_timer", pid: 0)
      own.change(40_000, from: idle, state: .runnable, to: measured)
      own.finish(at: 40_005)
    }.analysis
    #expect(result.culprit.culprit == .rtThrottling)
    #expect(result.contributors.contains { $0.culprit == .deadlineServer })
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [
    (false, nil, Confidence.proven), (true, nil, .likely), (true, 50_990.0, .proven),
    (true, 30_000, .likely),
  ])
  func `throttling beside a deadline server is proven by the timer of its period`(
    hasServer: Bool, period: Double?, word: Confidence
  ) {
    let result = Scenario(
      .rtThrottling, "", .proven, wake: 51_004,
      context: {
        $0.rtRuntime = Nanoseconds(950_000_000)
        $0.hasDeadlineServer = hasServer
        $0.hasRTGroupScheduling = true
      }
    ) { own, other in
      Scenarios.throttled(&own, &other)
      if let period { Self.timer(&other, period, "sched_rt_period_timer", pid: 0) }
    }.analysis
    #expect(result.culprit.culprit == .rtThrottling)
    #expect(result.culprit.confidence == word)
    #expect(result.sumsAreExact)
  }

  /// A normal task runs when a waiter on another CPU boosts it.
  private func boosted(_ pid: Int32, to priority: Int32, isBack: Bool = true) -> SpikeAnalysis {
    let owner: Actor = (79, "owner", 120)
    return Scenario(.priorityInversion, "", .proven, wake: 3_010) { own, other in
      own.sleep(at: 0, expiry: 900, next: owner)
      other.change(100, from: idle, state: .runnable, to: (80, "waiter", 9))
      other.boost(500, by: 80, (pid, "owner", 120), to: priority)
      other.change(510, from: (80, "waiter", 9), state: .blocked("S"), to: idle)
      own.wake(at: 901, interrupting: 79, stack: Build.interruptStack, needResched: false)
      if isBack {
        own.add(
          2_998, pid: 79,
          .prioritySet(
            task: TaskIdentity(pid: pid, comm: "owner"), old: KernelPriority(priority),
            new: KernelPriority(120)))
      }
      own.change(3_000, from: owner, state: .runnable, to: measured)
      own.finish(at: 3_005)
    }.analysis
  }

  @Test func `an owner that is boosted from another CPU while it runs is a priority inversion`() {
    let result = boosted(79, to: 9)
    #expect(result.culprit.culprit == .priorityInversion)
    #expect(result.culprit.name == "owner-79")
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.nextStep.contains("waiter-80"))
    #expect(result.sumsAreExact)
  }

  @Test func `a boost without its end is likely`() {
    #expect(boosted(79, to: 9, isBack: false).culprit.confidence == .likely)
  }

  @Test(arguments: [(Int32(81), Int32(9)), (79, 40)])
  func `a boost of somebody else, or to less than the thread's priority, is none`(
    pid: Int32, priority: Int32
  ) {
    let result = boosted(pid, to: priority)
    #expect(result.culprit.culprit != .priorityInversion)
    #expect(result.sumsAreExact)
  }

  /// The thread is back from its wait and loses the CPU again, as in kernels that throttle on the
  /// way to user space.
  private func throttled(
    timer: String?, growth: Int64?, normal: Bool = true, others: Bool = false
  ) -> SpikeAnalysis {
    Scenario(
      .cpuBandwidth, "", .likely, wake: 70_030, normal: normal,
      context: { $0.throttledTime = growth.map { Nanoseconds($0 * 1_000_000) } }
    ) { own, other in
      let me = normal ? Scenarios.normal : measured
      own.sleep(at: 0, expiry: 900, next: idle, prio: me.prio)
      own.wake(at: 901, interrupting: 0, stack: nil, prio: me.prio)
      own.change(910, from: idle, state: .runnable, to: me)
      own.finish(at: 912)
      own.change(914, from: me, state: .preempted, to: others ? worker : idle)
      if let timer { Self.timer(&other, 70_000, timer, pid: 0) }
      own.change(
        70_020, from: others ? worker : idle, state: .runnable, to: me)
    }.analysis
  }

  @Test(arguments: [true, false])
  func `a thread that is throttled behind its wait waits for its cgroup`(others: Bool) {
    let result = throttled(timer: "sched_cfs_period_timer", growth: 69, others: others)
    #expect(result.culprit.culprit == .cpuBandwidth)
    #expect(result.culprit.confidence == .likely)
    #expect(!result.culprit.nextStep.contains("ignal"))
    #expect(result.sumsAreExact)
  }

  @Test(arguments: [
    (nil, Int64(69), true), ("hrtimer_wakeup", 69, true), ("sched_cfs_period_timer", 0, true),
    ("sched_cfs_period_timer", 69, false),
  ])
  func `without a new period, a growth or a normal policy it is no bandwidth`(
    timer: String?, growth: Int64, normal: Bool
  ) {
    let result = throttled(timer: timer, growth: growth, normal: normal)
    #expect(result.culprit.culprit != .cpuBandwidth)
    #expect(result.sumsAreExact)
  }

  /// Tracing begins in the middle of a wait.
  private func rearmed(at since: Double, overrun: Bool? = false) -> SpikeAnalysis {
    Scenario(
      .nonPreemptibleKernel, "", .possible, wake: 5_010,
      context: {
        $0.tracingSince = Build.at(since)
        $0.hasOverrun = overrun
      }
    ) { own, other in
      other.add(since + 5, pid: 0, .softirqRaise(vector: 1))
      own.add(since + 20, pid: worker.pid, .softirqRaise(vector: 1), flags: Scenarios.asked)
      own.change(5_000, from: worker, state: .preempted, to: measured)
      own.finish(at: 5_005)
    }.analysis
  }

  @Test func `what is seen of a wait that tracing was switched on again in is used`() {
    let result = rearmed(at: 1_500)
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.name == "cc1-41")
    #expect(result.culprit.confidence == .possible)
    #expect(result.trace.switchedOn == Build.at(1_500))
    #expect(result.ran.allSatisfy { $0.net <= Nanoseconds(3_510_000) })
    #expect(result.sumsAreExact)
  }

  @Test func `who kept the CPU from a thread that was woken unseen needs no flag to be named`() {
    let result = Scenario(
      .nonPreemptibleKernel, "", .possible, wake: 5_010,
      context: {
        $0.tracingSince = Build.at(1_500)
        $0.hasOverrun = false
      }
    ) { own, other in
      other.add(1_505, pid: 0, .softirqRaise(vector: 1))
      own.change(5_000, from: worker, state: .runnable, to: measured)
      own.finish(at: 5_005)
    }.analysis
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.confidence == .possible)
    #expect(result.sumsAreExact)
  }

  @Test func `tracing that was switched on again late is said, and no bigger buffer advised`() {
    let result = rearmed(at: 4_500)
    #expect(result.culprit.culprit == .unknown)
    #expect(result.culprit.nextStep.contains("enabled again 3600 us after the expiry"))
    #expect(!result.culprit.nextStep.contains("--buffer"))
    #expect(result.contributors.contains { $0.culprit == .nonPreemptibleKernel })
  }

  @Test func `a quiet CPU whose tracing was on all the time is covered`() {
    let result = rearmed(at: 100)
    #expect(result.trace.coversWindow)
    #expect(result.trace.switchedOn == nil)
  }

  private func stop(_ state: String) -> SpikeAnalysis {
    Scenario(.signalOrPtrace, "", .proven, wake: 5_060) { own, other in
      let wake = WakeEvent(
        task: TaskIdentity(pid: Build.tid, comm: "measure"), priority: KernelPriority(19),
        targetCPU: 1)
      own.sleep(at: 0, expiry: 900, next: idle)
      own.wake(at: 901, interrupting: 0, stack: nil)
      own.change(910, from: idle, state: .runnable, to: measured)
      own.finish(at: 912)
      own.change(915, from: measured, state: .blocked(state), to: worker)
      for step in stride(from: 1_000.0, to: 5_000, by: 500) {
        own.add(step, pid: worker.pid, .softirqRaise(vector: 1))
      }
      other.change(3_000, from: idle, state: .runnable, to: (55, "strace", 120))
      other.add(5_000, pid: 55, .waking(wake))
      own.add(5_010, pid: worker.pid, .wakeup(wake))
      own.change(5_050, from: worker, state: .preempted, to: measured)
    }.analysis
  }

  @Test(arguments: [("t", "ptrace by strace-55"), ("T", "SIGSTOP")])
  func `a thread that its tracer or a signal stopped says so`(state: String, name: String) {
    let result = stop(state)
    #expect(result.culprit.culprit == .signalOrPtrace)
    #expect(result.culprit.name == name)
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.nextStep.contains("strace-55"))
    #expect(result.sumsAreExact)
  }

  @Test(arguments: ["S", "D"]) func `a thread that sleeps is not stopped`(state: String) {
    #expect(stop(state).culprit.culprit != .signalOrPtrace)
  }

  /// A loop of timers, each of which takes `length`, with `way` between them.
  private func loop(length: Double, way: Double) -> SpikeAnalysis {
    let count = Int(600 / (length + way))
    let end = 903 + Double(count) * (length + way)
    return Scenario(.stackedTimers, "", .proven, wake: end + 20) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(901, pid: 41, .vectorEntry(name: "local_timer", vector: 236), flags: Scenarios.hard)
      for index in 0..<count {
        let begin = 903 + Double(index) * (length + way)
        own.add(
          begin, pid: 41,
          .hrtimerExpireEntry(
            timer: UInt64(index), function: Scenarios.place("timerfd_tmrproc"),
            now: Build.at(902)), flags: Scenarios.hard)
        own.add(
          begin + length, pid: 41, .hrtimerExpireExit(timer: UInt64(index)), flags: Scenarios.hard)
      }
      own.wake(at: end, interrupting: 41, stack: nil)
      own.events.removeAll {
        if case .vectorEntry = $0.payload { $0.time > Build.at(1_000) } else { false }
      }
      own.change(end + 10, from: worker, state: .runnable, to: measured)
      own.finish(at: end + 15)
    }.analysis
  }

  @Test(arguments: [(0.25, 0.3), (0.3, 0.25), (2.0, 5.0)])
  func `a loop of timers is one class, whichever part of it is longer`(
    length: Double, way: Double
  ) {
    let result = loop(length: length, way: way)
    #expect(result.culprit.culprit == .stackedTimers)
    #expect(result.culprit.name == "timerfd_tmrproc")
    #expect(result.culprit.claimed >= Nanoseconds(500_000))
    #expect(result.sumsAreExact)
  }

  @Test func `a long way between two timers is not the timers'`() {
    let result = loop(length: 1, way: 100)
    #expect(result.culprit.culprit != .stackedTimers)
    #expect(result.sumsAreExact)
  }

  @Test func `several samples of a stretch are named by what they have in common`() {
    let result = Scenario(.nonPreemptibleKernel, "", .likely, wake: 4_010) { own, _ in
      let outer = ["wb_workfn", "process_one_work", "worker_thread", "kthread"]
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(
        at: 902, interrupting: 41, stack: Build.interruptStack + ["ext4_map_blocks"] + outer)
      for (time, inner) in [(2_000.0, "submit_bio"), (3_000, "find_get_pages")] {
        own.add(
          time, pid: 41,
          .stack((Build.interruptStack + [inner] + outer).map(Scenarios.place)),
          flags: Scenarios.hard)
      }
      own.change(4_000, from: worker, state: .preempted, to: measured)
      own.finish(at: 4_005)
    }.analysis
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.name == "wb_workfn")
  }

  @Test func `a softirq that the task ran is not the name of the task's own time`() {
    let result = Scenario(.nonPreemptibleKernel, "", .likely, wake: 1_640) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.add(850, pid: 41, .softirqEntry(vector: 3), flags: Scenarios.soft)
      own.wake(
        at: 902, interrupting: 41,
        stack: Build.interruptStack + [
          "tcp_v4_rcv", "net_rx_action", "handle_softirqs", "do_softirq", "__local_bh_enable_ip",
          "shrink_node", "kswapd",
        ])
      own.add(933, pid: 41, .softirqExit(vector: 3), flags: Scenarios.soft | Scenarios.asked)
      own.change(1_634, from: worker, state: .preempted, to: measured)
      own.finish(at: 1_636)
    }.analysis
    #expect(result.culprit.culprit == .nonPreemptibleKernel)
    #expect(result.culprit.name == "shrink_node")
    #expect(result.culprit.claimed >= Nanoseconds(690_000))
  }

  @Test func `the stack of a softirq at an interrupt's end shows the softirq`() throws {
    let stack =
      Build.interruptStack + [
        "__napi_poll", "net_rx_action", "handle_softirqs", "__irq_exit_rcu", "common_interrupt",
        "asm_common_interrupt",
      ]
    let code = try #require(
      InterruptedCode(stack: (stack + ["shrink_node"]).map(Scenarios.place), task: 41))
    #expect(code.mode == .kernel)
    #expect(code.frames.first?.symbol == "__napi_poll")
    #expect(code.taskFrames.map(\.symbol) == ["shrink_node"])
    #expect(code.interruptFrames == Build.interruptStack.count)
    let user = try #require(InterruptedCode(stack: stack.map(Scenarios.place), task: 41))
    #expect(user.mode == .kernel)
    #expect(user.taskFrames.isEmpty)
  }

  /// Somebody keeps the CPU; `starter` has started that task.
  private func ownThread(starter: Int32?) -> SpikeAnalysis {
    let writer: Actor = (1_820, "breaktrace", 120)
    return Scenario(
      .ownOutput, "", .proven, wake: 4_010, context: { $0.ownThreads = [1_800, 1_805] }
    ) { own, other in
      own.sleep(at: 0, expiry: 900, next: writer)
      if let starter {
        other.add(
          100, pid: starter,
          .wakeupNew(
            WakeEvent(
              task: TaskIdentity(pid: writer.pid, comm: "breaktrace"),
              priority: KernelPriority(120), targetCPU: 1)))
      }
      own.wake(at: 902, interrupting: writer.pid, stack: Build.interruptStack + ["ext4_da_write"])
      own.change(4_000, from: writer, state: .preempted, to: measured)
      own.finish(at: 4_005)
    }.analysis
  }

  @Test func `a thread that the tool's own threads started is the tool's`() {
    let result = ownThread(starter: 1_805)
    #expect(result.culprit.culprit == .ownOutput)
    #expect(result.culprit.name == "breaktrace-1820")
    #expect(result.sumsAreExact)
  }

  // The main thread starts the processes of a load; a name is not evidence.
  @Test(arguments: [nil, Int32(1_800), 42])
  func `what others or the main thread started is not the tool's`(starter: Int32?) {
    #expect(ownThread(starter: starter).culprit.culprit == .nonPreemptibleKernel)
  }

  @Test(arguments: [
    (["serial8250_console_write", "console_flush_all", "vprintk_emit", "_cpu_up"], true),
    (["console_flush_all", "vprintk_emit", "foo"], true),
    (["delay_tsc", "vprintk_emit", "_printk", "foo"], true),
    (["console_flush_all", "vprintk_emit", "native_kick_ap", "_cpu_up"], false),
    (["native_kick_ap", "cpuhp_invoke_callback", "_cpu_up"], false),
  ])
  func `printing is told from a CPU that comes or goes`(frames: [String], isConsole: Bool) {
    let result = Scenario(.printkConsole, "", .likely, wake: 2_130) { own, _ in
      Scenarios.lateTimer(&own, 2_117, Scenarios.unlock + frames)
    }.analysis
    #expect((result.culprit.culprit == .printkConsole) == isConsole)
  }

  @Test func `what a CPU never wrote is said`() {
    let result = Scenario(.unknown, "", .unexplained, wake: 5_000) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      for step in 0..<60 {
        own.add(Double(10 + step), pid: step < 30 ? 0 : 41, .softirqRaise(vector: 1))
      }
      own.wake(at: 901, interrupting: 41, stack: nil)
      own.change(4_990, from: worker, state: .runnable, to: measured)
    }.analysis
    #expect(
      result.trace.unseen == [
        "any switch to or from idle on CPU 1", "any stack of a wakeup on CPU 1",
      ])
  }

  /// A pause that ends 2362 us after the start; steal time does not show it.
  private func pause(after earlier: [Double]) -> Finding {
    Scenario(
      .hypervisor, "KVM", .likely, wake: 2_385,
      context: {
        $0.hypervisor = "KVM"
        $0.pauseEnds = earlier.map(Build.at)
      }
    ) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 2_362, interrupting: worker.pid, stack: Build.interruptStack)
      own.change(2_370, from: worker, state: .runnable, to: measured)
    }.analysis.culprit
  }

  @Test func `pauses that end on one grid of 100 ms are the host's`() {
    let finding = pause(after: [-997_600, -697_700, -397_640, -97_640, -51_000])
    #expect(finding.culprit == .hypervisor)
    #expect(finding.confidence == .likely)
    #expect(finding.evidence.contains { $0.text.contains("4 of the 5 earlier pauses") })
  }

  @Test(arguments: [
    [], [-97_640.0, -197_640], [-997_600, -660_000, -397_640, -97_640, -51_000, -20_000, -11_000],
  ])
  func `few pauses, or most of them elsewhere, are no grid`(earlier: [Double]) {
    #expect(pause(after: earlier).confidence == .possible)
  }
}
