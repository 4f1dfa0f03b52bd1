import Analysis
import Testing
import TraceModel

/// Timers that expire in the softirq of a thread: whoever keeps that thread from the CPU is named,
/// through it.
struct SoftTimerTests {
  /// A machine on which the thread waits: its name and priority, the scale of times, the CPU.
  struct Variant: CustomTestStringConvertible, Sendable {
    var thread: Actor = (22, "ktimers/1", 98)
    var scale = 1.0
    var cpu = 1
    /// Whether softirq_raise, and the waking of the thread, are in the trace.
    var raises = true
    var wakes = true
    var loop: Actor = (77, "loop", 59)
    var measuredPriority: Int32 = 120

    var testDescription: String {
      "\(thread.comm) \(thread.prio), x\(scale), CPU \(cpu), \(raises) \(wakes), \(loop.comm)"
    }
  }

  private let hard = Scenarios.hard
  private let soft = Scenarios.soft

  private static let timers: [Variant] = [
    Variant(), Variant(scale: 0.05), Variant(scale: 2_000), Variant(wakes: false),
    Variant(raises: false), Variant(thread: (15, "ktimers/3", 98), cpu: 3),
    Variant(thread: (14, "ksoftirqd/1", 120)),
    Variant(thread: (14, "ksoftirqd/7", 120), scale: 300, cpu: 7),
    Variant(thread: (9, "ktimersoftd/1", 98)), Variant(loop: (99, "a b-c/9", 0)),
    Variant(measuredPriority: 19),
  ]

  /// What happens between the raise, at 902, and the thread's coming to the timer.
  private func build(
    _ variant: Variant, running: Actor, until: Double = 1_300,
    _ fill: (inout TimelineBuilder, (Double) -> Double) -> Void = { _, _ in }
  ) -> (TimelineBuilder, WakeupSample) {
    var own = TimelineBuilder()
    own.cpu = variant.cpu
    let thread = variant.thread
    let measured: Actor = (TimelineBuilder.tid, "measure", variant.measuredPriority)
    // The expiry stays where it is; what follows is stretched.
    func at(_ time: Double) -> Double { 900 + (time - 900) * variant.scale }
    own.sleep(at: 0, expiry: 900, next: running, prio: measured.prio)
    own.add(at(901), pid: running.pid, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
    if variant.raises { own.add(at(902), pid: running.pid, .softirqRaise(vector: 8), flags: hard) }
    own.add(at(903), pid: running.pid, .vectorExit(name: "local_timer", vector: 236), flags: hard)
    let wake = WakeEvent(
      task: TaskIdentity(pid: thread.pid, comm: thread.comm),
      priority: KernelPriority(thread.prio), targetCPU: variant.cpu)
    if variant.wakes {
      own.add(at(904), pid: running.pid, .waking(wake), flags: hard)
      own.add(at(905), pid: running.pid, .wakeup(wake), flags: hard)
    }
    // The tick: nothing of this is silence.
    for tick in stride(from: 906.0, to: until, by: 40) {
      own.add(
        at(tick), pid: running.pid, .vectorEntry(name: "local_timer", vector: 236), flags: hard)
      own.add(
        at(tick + 0.5), pid: running.pid, .vectorExit(name: "local_timer", vector: 236),
        flags: hard)
    }
    fill(&own, at)
    expire(&own, by: thread, after: running, at(until), measured)
    var sample = TimelineBuilder.sample(
      expiry: 900, wake: at(until) + 20, policy: measured.prio < 100 ? .fifo : .other,
      priority: measured.prio < 100 ? 80 : 0)
    sample.cpu = variant.cpu
    return (own, sample)
  }

  private func expire(
    _ own: inout TimelineBuilder, by thread: Actor, after running: Actor, _ time: Double,
    _ measured: Actor
  ) {
    own.change(time, from: running, state: .runnable, to: thread)
    own.add(
      time + 2, pid: thread.pid,
      .hrtimerExpireEntry(
        timer: 0xffff_8880, function: Scenarios.place("hrtimer_wakeup"),
        now: TimelineBuilder.at(time)),
      flags: soft)
    let wake = WakeEvent(
      task: TaskIdentity(pid: TimelineBuilder.tid, comm: "measure"),
      priority: KernelPriority(measured.prio), targetCPU: own.cpu)
    own.add(time + 3, pid: thread.pid, .waking(wake), flags: soft)
    own.add(time + 4, pid: thread.pid, .wakeup(wake), flags: soft)
    own.change(time + 10, from: thread, state: .blocked("S"), to: measured)
    own.finish(at: time + 12)
  }

  private func explain(
    _ pair: (TimelineBuilder, WakeupSample), throttled: Bool = false, server: Bool = false
  ) -> SpikeAnalysis {
    var context = SystemContext()
    context.preemption = .rt
    context.platform = .bareMetal
    context.smiCount = 0
    context.architecture = "x86_64"
    context.rtRuntime = Nanoseconds(microseconds: throttled ? 950_000 : -1)
    context.rtPeriod = Nanoseconds(microseconds: 1_000_000)
    context.hasDeadlineServer = server
    context.hasRTGroupScheduling = false
    var timeline = pair.0.timeline
    for event in pair.0.events {
      guard case .switched(let change) = event.payload else { continue }
      for task in [change.previous, change.next] { timeline.comms[task.pid] = task.comm }
    }
    return Analyzer(context: context).explain(pair.1, in: timeline)
  }

  @Test(arguments: timers) func `a loop that keeps the thread from the CPU is the culprit`(
    _ variant: Variant
  ) throws {
    let analysis = explain(build(variant, running: variant.loop))
    #expect(analysis.culprit.culprit == .higherPriorityTask)
    #expect(analysis.culprit.name == "\(variant.loop.comm)-\(variant.loop.pid)")
    let isKnown = variant.raises || variant.wakes
    #expect(analysis.culprit.confidence == (isKnown ? .proven : .likely))
    #expect(analysis.culprit.nextStep.contains(variant.thread.comm))
    #expect(analysis.culprit.evidence.contains { $0.text.contains("in \(variant.thread.comm)") })
    #expect(!analysis.contributors.contains { $0.culprit == .timerSoftirq })
    #expect(analysis.refuted.contains { $0.culprit == .timerSoftirq })
    #expect(analysis.sumsAreExact)
  }

  @Test(arguments: [Variant(wakes: false, loop: (77, "loop", 59)), Variant(scale: 2_000)])
  func `without any sign that the thread was to run it is likely at best`(
    _ variant: Variant
  ) {
    var blind = variant
    (blind.raises, blind.wakes) = (false, false)
    let analysis = explain(build(blind, running: blind.loop))
    #expect(analysis.culprit.culprit == .higherPriorityTask)
    #expect(analysis.culprit.confidence == .likely)
  }

  @Test(arguments: [1, 1.5, 2_000])
  func `neighbours that keep a normal softirq thread waiting are the run queue`(scale: Double) {
    let variant = Variant(thread: (14, "ksoftirqd/1", 120), scale: scale)
    let neighbour: Actor = (301, "bt-neighbour1", 110)
    let analysis = explain(build(variant, running: neighbour))
    #expect(analysis.culprit.culprit == .runQueue)
    #expect(analysis.culprit.name == "bt-neighbour1-301")
    #expect(analysis.culprit.confidence == .proven)
    #expect(analysis.culprit.nextStep.contains("ksoftirqd/1-14"))
    #expect(analysis.sumsAreExact)
    // Every event once.
    let events = analysis.culprit.evidence.compactMap(\.position)
    #expect(Set(events).count == events.count)
  }

  @Test func `a boost changes who is in front of the thread, not who was`() {
    let variant = Variant(thread: (14, "ksoftirqd/1", 120), scale: 10)
    let neighbour: Actor = (301, "bt-neighbour1", 110)
    let rcu: Actor = (13, "rcu_preempt", 98)
    let pair = build(variant, running: neighbour) { own, at in
      own.change(at(1_280), from: neighbour, state: .runnable, to: rcu)
      own.boost(at(1_285), by: rcu.pid, (14, "ksoftirqd/1", 120), to: 98)
      own.change(at(1_290), from: rcu, state: .blocked("I"), to: neighbour)
    }
    let analysis = explain(pair)
    #expect(analysis.culprit.culprit == .runQueue)
    #expect(analysis.culprit.name == "bt-neighbour1-301")
  }

  @Test(
    arguments: [(14, "ksoftirqd/1", 120, true), (22, "ktimers/1", 98, false)]
      as [(Int32, String, Int32, Bool)])
  func `throttling lets a normal softirq thread in, and no real-time one`(
    pid: Int32, comm: String, priority: Int32, isThrottling: Bool
  ) {
    // 1.2 s of a loop, which has to leave and is still runnable.
    let variant = Variant(thread: (pid, comm, priority), scale: 3_000)
    let analysis = explain(build(variant, running: variant.loop), throttled: true)
    #expect(analysis.culprit.culprit == (isThrottling ? .rtThrottling : .higherPriorityTask))
    #expect(analysis.culprit.name == "loop-77")
    #expect(analysis.culprit.confidence == .proven)
    #expect(analysis.sumsAreExact)
  }

  @Test(arguments: [false, true])
  func `a timer thread that is throttled itself is held back`(server: Bool) {
    let variant = Variant(scale: 100)
    // Given away by a switch that no priority explains.
    let pair = build(variant, running: variant.loop) { own, at in
      own.change(at(910), from: variant.loop, state: .runnable, to: worker)
      own.change(at(1_299), from: worker, state: .runnable, to: variant.loop)
      own.events.removeAll { event in
        if case .vectorEntry = event.payload {
          event.time > TimelineBuilder.at(at(906))
        } else {
          false
        }
      }
      own.events.removeAll { event in
        if case .vectorExit = event.payload {
          event.time > TimelineBuilder.at(at(907))
        } else {
          false
        }
      }
    }
    var ordered = pair
    ordered.0.events.sort { $0.time < $1.time }
    let analysis = explain(ordered, throttled: true, server: server)
    #expect(analysis.culprit.culprit == (server ? .deadlineServer : .rtThrottling))
    #expect(analysis.culprit.name == "ktimers/1-22")
    #expect(analysis.culprit.confidence == (server ? .likely : .proven))
    #expect(analysis.sumsAreExact)
  }

  @Test func `an interrupt thread in front of the timer thread is one`() {
    let variant = Variant(loop: (55, "irq/27-disk", 49))
    let analysis = explain(build(variant, running: variant.loop))
    #expect(analysis.culprit.culprit == .irqThread)
    #expect(analysis.culprit.name == "irq/27-disk-55")
  }

  @Test(arguments: [1.0, 400])
  func `a wait of the timer thread that nobody's priority explains is possible at best`(
    scale: Double
  ) {
    // A normal task does not outrank ktimers: it may have had preemption disabled, or not.
    let analysis = explain(build(Variant(scale: scale), running: worker))
    #expect(analysis.culprit.culprit == .timerSoftirq)
    #expect(analysis.culprit.confidence == .possible)
    #expect(analysis.sumsAreExact)
  }

  @Test func `the thread's own work in front of the timer is its own`() {
    let variant = Variant()
    let pair = build(variant, running: worker) { own, at in
      own.events.removeAll { $0.time > TimelineBuilder.at(at(905)) }
      own.change(at(908), from: worker, state: .runnable, to: variant.thread)
      for tick in stride(from: 950.0, to: 1_290, by: 40) {
        own.other(at(tick), pid: variant.thread.pid, "x", "y", flags: soft)
      }
      own.change(at(1_299), from: variant.thread, state: .runnable, to: worker)
    }
    let analysis = explain(pair)
    #expect(analysis.culprit.culprit == .timerSoftirq)
    #expect(analysis.culprit.name == "ktimers/1-22")
    #expect(analysis.culprit.confidence == .proven)
  }

  @Test func `another task that runs the softirq is not the thread that waited for it`() {
    let variant = Variant(thread: (14, "ksoftirqd/1", 120))
    var (own, sample) = build(variant, running: variant.loop)
    // A third task enables softirqs and serves what is pending, before ksoftirqd gets the CPU.
    let third: Actor = (88, "third", 120)
    own.events = own.events.map { event in
      var event = event
      if event.pid == 14 { event.pid = 88 }
      if case .switched(var change) = event.payload {
        if change.next.pid == 14 { change.next = TaskIdentity(pid: 88, comm: third.comm) }
        if change.previous.pid == 14 { change.previous = TaskIdentity(pid: 88, comm: third.comm) }
        event.payload = .switched(change)
      }
      return event
    }
    sample.cpu = 1
    let analysis = explain((own, sample))
    #expect(analysis.culprit.culprit == .higherPriorityTask)
    #expect(analysis.culprit.name == "loop-77")
    #expect(analysis.culprit.nextStep.contains("ksoftirqd/1-14"))
  }

  @Test func `interrupts that came in time are not called disabled`() {
    for variant in [Variant(), Variant(scale: 50), Variant(thread: (14, "ksoftirqd/1", 120))] {
      let analysis = explain(build(variant, running: variant.loop))
      #expect(!analysis.open.contains { $0.culprit == .irqsOff })
      #expect(!([analysis.culprit] + analysis.contributors).contains { $0.culprit == .irqsOff })
    }
  }
}
