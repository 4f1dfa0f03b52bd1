import Measurement
import Report
import Testing
import TraceModel
import Tracefs

@testable import Analysis
@testable import Session

/// What the next step of an escalating run traces.
struct EscalationTests {
  private let ladder = EscalationLadder(
    tracers: ["irqsoff", "preemptoff", "wakeup_rt", "hwlat", "function_graph", "nop"])

  private func spike(
    _ culprit: CulpritClass, _ name: String = "", _ confidence: Confidence = .likely,
    longest: Segment.Name = .timer
  ) -> SpikeAnalysis {
    let window = TimeSpan(.zero, Nanoseconds(1_000_000))
    return SpikeAnalysis(
      sample: WakeupSample(
        cpu: 0, task: TaskIdentity(pid: 5, comm: "measure"), policy: .fifo, priority: 80,
        sequence: 1, expiry: window.start, wake: window.end, threshold: nil, source: .sample),
      cpu: 0, times: WakeupTimes(expiry: window.start, sampled: window.end),
      segments: [
        Segment(name: .irq, span: TimeSpan(.zero, Nanoseconds(1))),
        Segment(name: longest, span: window),
      ],
      culprit: Finding(
        culprit, name: name, confidence: confidence, spans: [window], evidence: [], nextStep: ""),
      contributors: [], refuted: [], open: [], ran: [], excerpt: [], stack: [], foldedFrames: 0,
      trace: TraceHealth(
        clock: "mono", eventsInWindow: 1, lostInWindow: 0, gaps: [], coversWindow: true),
      baselineWakeups: 0)
  }

  @Test(arguments: [
    (CulpritClass.irqsOff, Segment.Name.timer, ["irqsoff"]),
    (.unknown, .irq, ["irqsoff"]), (.preemptOff, .schedule, ["preemptoff", "wakeup_rt"]),
    (.unknown, .enqueue, ["preemptoff", "wakeup_rt"]), (.unknown, .return, ["irqsoff"]),
    (.higherPriorityTask, .schedule, ["wakeup_rt"]), (.hypervisor, .timer, ["hwlat"]),
    (.hardwareStall, .timer, ["hwlat"]),
  ])
  func `the largest segment chooses the tracer`(
    culprit: CulpritClass, longest: Segment.Name, wanted: [String]
  ) {
    #expect(ladder.tracers(for: spike(culprit, longest: longest)) == wanted)
    #expect(EscalationLadder(tracers: ["nop"]).tracers(for: spike(culprit, longest: longest)) == [])
  }

  @Test func `function_graph is limited to the named function, with and without what it calls`() {
    let graphs = ladder.graphs(for: spike(.irqsOff, "rmqueue")) { $0 == "rmqueue" }
    #expect(graphs.map(\.graphFunction) == ["rmqueue", nil])
    #expect(graphs.map(\.filter) == [[], ["rmqueue"]])
    #expect(ladder.graphs(for: spike(.irqsOff, "rmqueue")) { _ in false } == [])
  }

  @Test(arguments: [
    (CulpritClass.irqsOff, "rmqueue+0x12 [mod]", "rmqueue"),
    (.irqsOff, "_raw.part.0", "_raw.part.0"),
    (.irqsOff, "", "none"), (.irqsOff, "cc1-41", "none"), (.irqsOff, "9p", "none"),
    (.higherPriorityTask, "hog-77", "none"), (.hardIRQ, "nic", "none"),
  ])
  func `only the name of a function is one`(
    culprit: CulpritClass, name: String, function: String
  ) {
    #expect(EscalationLadder.function(of: spike(culprit, name)) ?? "none" == function)
  }

  @Test func `a kernel without any of its tracers is refused with their options`() {
    #expect(ladder.refusal == nil)
    for name in ["hwlat", "wakeup_rt", "function_graph"] {
      #expect(EscalationLadder(tracers: [name]).refusal == nil)
    }
    let refusal = EscalationLadder(tracers: ["blk", "function", "nop"]).refusal
    #expect(refusal?.contains("CONFIG_IRQSOFF_TRACER") == true)
  }

  @Test func `a proven task is enough, a proven section is still looked into`() {
    #expect(EscalationLadder.isEnough(spike(.higherPriorityTask, "hog-77", .proven)))
    #expect(!EscalationLadder.isEnough(spike(.irqsOff, "rmqueue", .proven)))
    #expect(!EscalationLadder.isEnough(spike(.irqsOff, "rmqueue", .likely)))
    #expect(!EscalationLadder.isEnough(spike(.higherPriorityTask, "hog-77", .likely)))
  }

  @Test func `the median is that of the slowest thread`() {
    func thread(_ histogram: [UInt64]) -> ThreadStatistics {
      ThreadStatistics(
        index: 0, tid: 1, cpu: 0, policy: .fifo, priority: 80, interval: Nanoseconds(1),
        histogram: histogram)
    }
    #expect(
      EscalationSession.median([thread([0, 5, 1]), thread([0, 0, 1, 9])])?.microseconds == 3)
    #expect(EscalationSession.median([thread([0, 0])]) == nil)
    #expect(EscalationSession.median([]) == nil)
  }

  @Test func `the best founded step decides, the first of equals`() {
    var facts = EscalationFacts(budget: Nanoseconds(20_000))
    #expect(facts.deciding == nil)
    for (culprit, confidence) in [
      (CulpritClass.irqsOff, Confidence.possible), (.irqsOff, .proven), (.irqsOff, .proven),
    ] {
      facts.steps.append(.init(number: facts.steps.count + 1, traced: "x"))
      facts.close(with: spike(culprit, "f", confidence))
    }
    facts.steps.append(.init(number: 4, traced: "y", skipped: "refused"))
    #expect(facts.deciding?.number == 2)
    #expect(facts.steps[1].culprit == "irqs-off" && facts.steps[1].name == "f")
  }
}

/// The arming of tracers that are more than a section.
struct TracerArmingTests {
  private let threshold = Nanoseconds(microseconds: 1_000)

  private func arming(
    _ tracer: TracerPlan, measured: [Int]? = [1], online: [Int] = [0, 1]
  ) -> ArmingPlan {
    tracer.arming(
      threshold: threshold, measured: measured.map { CPUSet($0) }, online: CPUSet(online))
  }

  @Test(arguments: ["irqsoff", "preemptoff", "preemptirqsoff"])
  func `a tracer of sections sees the measured CPUs only`(name: String) {
    #expect(arming(TracerPlan(name)).cpus == CPUSet([1]))
    #expect(arming(TracerPlan(name), measured: nil).cpus == nil)
    #expect(arming(TracerPlan(name)).tracingThreshold == 500)
  }

  @Test func `a wake-up may come from any CPU`() {
    #expect(arming(TracerPlan("wakeup_rt")).cpus == nil)
    #expect(arming(TracerPlan("wakeup_rt")).tracingThreshold == 500)
  }

  @Test func `hwlat looks where nobody measures`() {
    let plan = arming(TracerPlan("hwlat"))
    #expect(plan.cpus == CPUSet([0]) && plan.tracingThreshold == 10 && plan.options.isEmpty)
    #expect(plan.settings.map(\.name) == ["hwlat_detector/width", "hwlat_detector/window"])
    #expect(plan.settings.map(\.value) == ["10000", "12000"])
    #expect(!TracerPlan("hwlat").stopsAtBreak)
  }

  @Test func `without a free CPU hwlat looks for a quarter of the threshold at a time`() {
    let plan = arming(TracerPlan("hwlat"), measured: [0, 1])
    #expect(plan.cpus == CPUSet([0, 1]))
    #expect(plan.settings.map(\.value) == ["250", "2250"])
  }

  @Test func `osnoise runs without threads of its own`() {
    let plan = arming(TracerPlan("osnoise"))
    #expect(
      plan.settings == [
        .init(
          "osnoise/options#OSNOISE_WORKLOAD", "NO_OSNOISE_WORKLOAD", users: ["osnoise", "timerlat"])
      ])
    #expect(TracerPlan("osnoise").events.contains(EventName("osnoise", "thread_noise")))
    #expect(TracerPlan("irqsoff").events.isEmpty)
  }

  @Test func `function_graph is limited by the function or by the filter`() {
    let graph = arming(TracerPlan("function_graph", graphFunction: "f"))
    #expect(graph.settings == [.init("set_graph_function#", "f", users: ["function_graph"])])
    let alone = arming(TracerPlan("function_graph", filter: ["f"]))
    #expect(alone.settings.isEmpty && alone.functionFilter == ["f"])
  }
}

/// What tracers write as events in a separate instance.
struct SideEventsTests {
  private func timeline(_ name: String, _ fields: [(String, String)], at time: Int64) -> Timeline {
    Timeline(
      cpus: [
        CPUTimeline(
          cpu: 2,
          events: [
            TraceEvent(
              time: Nanoseconds(time), cpu: 2, pid: 1,
              context: EventContext(flags: 0, preemptCount: 0),
              payload: .other(
                OtherEvent(
                  system: "ftrace", name: name,
                  fields: fields.map { EventField(name: $0.0, value: $0.1) })))
          ])
      ], clock: "mono")
  }

  private let gap = [
    ("duration", "12"), ("outer_duration", "3000"), ("nmi_total_ts", "0"), ("tv_sec", "1700000000"),
    ("tv_nsec", "5000000"), ("nmi_count", "1"), ("seqnum", "4"), ("count", "2"),
  ]

  @Test func `a sample of hwlat is a gap on the events' clock`() {
    let found = SideEvents.gaps(
      timeline("hwlat", gap, at: 9), realtimeOffset: Nanoseconds(1_700_000_000_000_000_000),
      width: Nanoseconds(10_000_000))
    #expect(
      found == [
        HardwareGap(
          cpu: 2, end: Nanoseconds(5_000_000), length: Nanoseconds(3_000_000), count: 2, nmis: 1)
      ])
  }

  @Test func `a gap that is as long as the look ended it, whatever came before`() {
    let found = SideEvents.gaps(
      timeline("hwlat", gap, at: 77_000_000), realtimeOffset: .zero, width: Nanoseconds(3_000_000))
    #expect(found.map(\.end.count) == [77_000_000])
    #expect(found.map(\.count) == [1])
  }

  @Test func `a call that has not returned lasts until the window's end`() {
    let entered = timeline("funcgraph_entry", [("func", "bt_section"), ("depth", "0")], at: 5_000)
    #expect(
      SideEvents.calls(entered, in: TimeSpan(Nanoseconds(4_900), Nanoseconds(9_000))) == [
        FunctionCall(
          name: "bt_section", cpu: 2, end: Nanoseconds(9_000), length: Nanoseconds(4_000),
          isOpen: true)
      ])
    #expect(SideEvents.calls(entered, in: TimeSpan(.zero, Nanoseconds(5_000))).isEmpty)
  }

  @Test func `a sample with absurd or missing numbers is none`() {
    for (name, value) in [("tv_sec", "9223372036854775807"), ("duration", "x")] {
      let fields = gap.map { $0.0 == name ? (name, value) : $0 }
      #expect(
        SideEvents.gaps(timeline("hwlat", fields, at: 9), realtimeOffset: .zero, width: .zero)
          .isEmpty, "\(name)")
    }
    let huge = gap.map { $0.0 == "outer_duration" ? ("outer_duration", "9223372036854775807") : $0 }
    #expect(
      SideEvents.gaps(timeline("hwlat", huge, at: 9), realtimeOffset: .zero, width: .zero).isEmpty)
  }

  @Test func `a call ends at its event and only those of the window are taken`() {
    let fields = [
      ("func", "bt_section+0x0"), ("depth", "1"), ("calltime", "100"), ("rettime", "700"),
    ]
    let calls = timeline("funcgraph_exit", fields, at: 5_000)
    #expect(
      SideEvents.calls(calls, in: TimeSpan(Nanoseconds(4_900), Nanoseconds(9_000))) == [
        FunctionCall(
          name: "bt_section", cpu: 2, end: Nanoseconds(5_000), length: Nanoseconds(600), depth: 1)
      ])
    #expect(
      SideEvents.calls(calls, in: TimeSpan(Nanoseconds(5_001), Nanoseconds(9_000))).isEmpty)
  }
}
