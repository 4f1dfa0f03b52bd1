import Analysis
import Captures
import Recorded
import Report
import Testing
import TraceModel

/// What the captures' manifest says of a cause, and what the analysis must say.
struct CaptureCase: CustomTestStringConvertible, Sendable {
  var file: String
  var culprit: CulpritClass
  /// Part of the culprit's name; a function, or the task where no function is in the trace.
  var name: String
  /// The latency in us, and by how much it may differ.
  var latency: ClosedRange<Int64>
  var atLeast = Confidence.possible
  /// Task to search for where the trace has no marker.
  var task: TaskSelector?
  var time: Nanoseconds?

  var testDescription: String { file }

  init(
    _ file: String, _ culprit: CulpritClass, _ name: String, _ latency: Int64, within: Int64 = 2,
    atLeast: Confidence = .possible, task: TaskSelector? = nil, time: Nanoseconds? = nil
  ) {
    self.file = file
    self.culprit = culprit
    self.name = name
    self.latency = latency - within...latency + within
    self.atLeast = atLeast
    self.task = task
    self.time = time
  }
}

struct OfflineCaptureTests {
  private static let rt = "captures/rt612-up-icount/"
  private static let debian = "captures/debian61rt-up-icount/"
  private static let locked = "captures/locked618-events/"

  /// On what these kernels ran is not in the files: where most of the time is silent, nothing is
  /// proven.
  static let table: [CaptureCase] = [
    // cyclictest -b with a known culprit: text and trace.dat of the same buffer.
    .init(rt + "break-irqoff.trace", .irqsOff, "irq_test", 2_281, atLeast: .likely),
    .init(rt + "break-irqoff.dat", .irqsOff, "irq_test", 2_281, atLeast: .likely),
    .init(rt + "break-irqoff-raw.trace", .irqsOff, "irq_test", 2_210, atLeast: .likely),
    .init(
      rt + "break-irqoff-function.trace", .irqsOff, "execute_preemptirqtest", 4_979,
      atLeast: .likely),
    .init(
      rt + "break-irqoff-function.dat", .irqsOff, "execute_preemptirqtest", 4_979, atLeast: .likely),
    .init(
      rt + "break-irqoff-preemptirq-events.trace", .irqsOff, "execute_preemptirqtest", 2_668,
      atLeast: .likely),
    .init(
      rt + "break-irqoff-preemptirq-events.dat", .irqsOff, "execute_preemptirqtest", 2_668,
      atLeast: .likely),
    .init(rt + "break-preemptoff.trace", .preemptOff, "preempt_test", 2_185),
    .init(rt + "break-preemptoff.dat", .preemptOff, "preempt_test", 2_185),
    .init(rt + "break-rthog.trace", .higherPriorityTask, "rthog-79", 4_834, atLeast: .likely),
    .init(rt + "break-rthog.dat", .higherPriorityTask, "rthog-79", 4_834, atLeast: .likely),
    .init(debian + "break-rthog.trace", .higherPriorityTask, "rthog", 4_183, atLeast: .likely),
    .init(debian + "break-rthog.dat", .higherPriorityTask, "rthog", 4_183, atLeast: .likely),
    .init(rt + "culprit-equalprio.trace", .samePriorityTask, "rthog", 2_329, atLeast: .likely),
    .init(rt + "culprit-equalprio.dat", .samePriorityTask, "rthog", 2_329, atLeast: .likely),
    // timerlat stopped by its own limits.
    .init(rt + "culprit-timerlat-irqoff.trace", .irqsOff, "irq_test", 2_499, atLeast: .likely),
    .init(
      rt + "culprit-timerlat-preemptoff.trace", .preemptOff, "execute_preemptirqtest", 2_184,
      atLeast: .likely),
    // Latency tracers with an injected section.
    .init(rt + "inject-irqsoff.trace", .irqsOff, "preemptirqtest", 2_002, atLeast: .likely),
    .init(rt + "inject-irqsoff-events.trace", .irqsOff, "preemptirqtest", 2_002, atLeast: .likely),
    .init(rt + "inject-irqsoff-stack.trace", .irqsOff, "preemptirqtest", 2_002, atLeast: .likely),
    .init(rt + "inject-irqsoff-func.trace", .irqsOff, "preemptirqtest", 2_003, atLeast: .likely),
    .init(rt + "inject-irqsoff-graph.trace", .irqsOff, "preemptirqtest", 2_009, atLeast: .likely),
    .init(rt + "inject-preemptoff.trace", .preemptOff, "preemptirqtest", 2_002, atLeast: .likely),
    .init(
      rt + "inject-preemptoff-events.trace", .preemptOff, "preemptirqtest", 2_002, atLeast: .likely),
    .init(
      rt + "inject-preemptoff-func.trace", .preemptOff, "preemptirqtest", 2_004, atLeast: .likely),
    .init(
      rt + "inject-preemptirqsoff-alt-events.trace", .preemptOff, "preemptirqtest", 2_002,
      atLeast: .likely),
    .init(
      rt + "inject-preemptirqsoff-alt-pievents.trace", .irqsOff, "preemptirqtest", 2_004,
      atLeast: .likely),
    .init(
      rt + "inject-preemptirqsoff-irq-func.trace", .irqsOff, "preemptirqtest", 2_003,
      atLeast: .likely),
    // A locked-down kernel: events alone.
    .init(locked + "t2.trace", .hypervisor, "", 1_485, within: 6),
    .init(
      locked + "t3.trace", .nonPreemptibleKernel, "ext4_", 552, within: 3, atLeast: .likely),
    .init(
      locked + "t3.trace", .irqsOff, "__rmqueue_pcplist", 247, within: 6, atLeast: .likely,
      task: .pid(5_636), time: Nanoseconds(1_040_211_000_000)),
    .init(
      locked + "t5.trace", .higherPriorityTask, "python3", 14_757, within: 5, atLeast: .likely),
    .init(
      locked + "t5.trace", .samePriorityTask, "python3", 13_300, within: 5, atLeast: .likely,
      task: .pid(19_120)),
    .init(
      // dl_task_timer expires before each switch away from the hog.
      locked + "t4.trace", .deadlineServer, "", 949_781, within: 900, atLeast: .likely,
      task: .pid(7_399)),
  ]

  @Test func `of the machine a foreign trace says its name and nothing of a hypervisor`() throws {
    let dat = try report(.init(Self.rt + "break-rthog.dat", .higherPriorityTask, "rthog", 4_834))
    let machine = try #require(dat.facts.machine)
    #expect(machine.system == "Linux")
    #expect(machine.release?.hasPrefix("6.12") == true)
    #expect(machine.architecture == "x86_64")
    #expect(machine.platform == .unknown)
    #expect(dat.text.contains(#/hypervisor +not known/#))
    let context = try #require(dat.facts.context?.context)
    #expect(context.architecture == "x86_64")
    #expect(context.platform == .unknown)
    #expect(context.steal.isEmpty && context.countsSteal == nil && context.smiCount == nil)

    let text = try report(.init(Self.rt + "break-rthog.trace", .higherPriorityTask, "", 4_834))
    #expect(text.facts.context?.context.architecture == nil)
    #expect(text.facts.context?.context.platform == .unknown)
  }

  private func report(_ row: CaptureCase) throws -> SpikeReport {
    let trace = try RecordedTrace(bytes: try Captures.bytes(row.file), name: row.file)
    var request = AnalyzeRequest()
    request.task = row.task
    request.time = row.time
    if row.task != nil, row.time == nil { request.threshold = Nanoseconds(microseconds: 100) }
    let verdicts = trace.analyze(request, toolVersion: "test")
    return try #require(verdicts.reports.first, "\(verdicts.remarks)")
  }

  @Test(arguments: table)
  func `a capture gets the cause that its manifest states`(row: CaptureCase) throws {
    let analysis = try report(row).analysis
    let culprit = analysis.culprit
    #expect(culprit.culprit == row.culprit)
    #expect(culprit.name.contains(row.name), "\(culprit.name)")
    #expect(
      row.latency.contains(analysis.sample.latency.microseconds), "\(analysis.sample.latency)")
    #expect(culprit.confidence >= row.atLeast)
    #expect(culprit.confidence < .proven || row.atLeast == .proven)
    let claimed = ([culprit] + analysis.contributors).reduce(Nanoseconds.zero) { $0 + $1.claimed }
    #expect(claimed == analysis.sample.latency)
    let lengths = analysis.segments.reduce(Nanoseconds.zero) { $0 + $1.length }
    #expect(lengths == analysis.sample.latency)
    // A text's evidence names its lines; a section that was put together from two events has none.
    if row.file.hasSuffix(".trace"), !row.file.contains("preemptirq-events") {
      #expect(culprit.evidence.contains { $0.text.contains("[line ") })
    }
  }

  @Test(arguments: [
    "break-irqoff", "break-irqoff-function", "break-irqoff-preemptirq-events", "break-preemptoff",
    "break-rthog", "culprit-equalprio",
  ])
  func `text and trace.dat of one buffer get one verdict`(name: String) throws {
    let verdicts = try [".trace", ".dat"].map { ending in
      let file = Self.rt + name + ending
      let trace = try RecordedTrace(bytes: try Captures.bytes(file), name: file)
      return try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first).analysis
    }
    #expect(verdicts[0].culprit.culprit == verdicts[1].culprit.culprit)
    #expect(verdicts[0].culprit.name == verdicts[1].culprit.name)
    #expect(verdicts[0].sample.latency == verdicts[1].sample.latency)
    // Text stamps are whole microseconds.
    let difference = verdicts[0].sample.expiry - verdicts[1].sample.expiry
    #expect(abs(difference.count) < 3_000)
  }

  /// Captures in which nothing was injected, or the culprit was not what was measured.
  @Test(arguments: [
    "culprit-wakeup_rt-equalprio.trace", "break-sysrq-t.trace", "break-sysrq-t.dat",
    "culprit-forkstorm.trace", "culprit-irqthread-9p.trace", "culprit-sysrq-t-console.trace",
  ])
  func `a negative case names no injected culprit and proves nothing`(name: String) throws {
    let file = Self.rt + name
    let trace = try RecordedTrace(bytes: try Captures.bytes(file), name: file)
    for report in trace.analyze(AnalyzeRequest(), toolVersion: "").reports {
      #expect(report.analysis.culprit.confidence < .proven)
      #expect(!report.analysis.culprit.name.contains("rthog"))
    }
  }

  @Test(arguments: Captures.all([".trace", ".dat", "timerlat_trace.txt"]))
  func `every capture is analysed to the end`(file: String) throws {
    let trace = try RecordedTrace(bytes: try Captures.bytes(file), name: file)
    var request = AnalyzeRequest()
    request.all = true
    request.limit = 3
    let verdicts = trace.analyze(request, toolVersion: "")
    #expect(!verdicts.reports.isEmpty || !verdicts.remarks.isEmpty || trace.hasNoEvents)
    for report in verdicts.reports {
      let analysis = report.analysis
      let claimed = ([analysis.culprit] + analysis.contributors).reduce(Nanoseconds.zero) {
        $0 + $1.claimed
      }
      #expect(claimed == analysis.sample.latency)
      #expect(!report.text.isEmpty)
    }
    // The header of a latency tracer reports its maximum: the window is as long.
    if let section = verdicts.reports.first?.facts.tracerSection {
      #expect(verdicts.reports[0].analysis.sample.latency == section.length)
    }
  }
}
