import Analysis
import Foundation
import Report
import Recorded
import Testing
import TraceModel

/// A spike that was caused on purpose in the lab, and what the analysis must say of it.
struct LabTrace: CustomTestStringConvertible, Sendable {
  var file: String
  var culprit: CulpritClass
  /// Part of the culprit's name.
  var name: String
  var confidence: Confidence

  var testDescription: String { file }

  init(_ file: String, _ culprit: CulpritClass, _ name: String, _ confidence: Confidence) {
    self.file = file
    self.culprit = culprit
    self.name = name
    self.confidence = confidence
  }

  func open() throws -> RecordedTrace {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try RecordedTrace(path: folder.path + "/Fixtures/lab/\(file).dat.zst")
  }
}

@Suite struct LabTraceTests {
  static let table: [LabTrace] = [
    // A virtual machine whose frame does not show the enabling: its host could have stopped it.
    .init("debian-rt-irqs_off", .irqsOff, "bt_irqs_off_section", .possible),
    .init("debian-rt-pi_futex", .priorityInversion, "bt_upi_owner-", .proven),
    // 6.1 has no event for the function that another CPU calls.
    .init("debian-rt-slow_ipi", .hardIRQ, "call_function_single", .likely),
    .init("debian-rt-smi", .hardwareStall, "SMI", .likely),
    .init("debian-rt-softirq_thread", .irqThread, "ksoftirqd/0", .likely),
    .init("debian-rt-stop_machine", .stopMachine, "migration/0", .likely),
    .init("debian-rt-throttle_rt", .rtThrottling, "breaktrace/0", .proven),
    // `breaktrace verify` on 5.10, where ksoftirqd serves the timer, and on 6.1, where ktimers does.
    .init("debian-rt-5.10-throttling", .rtThrottling, "bt-loop-", .proven),
    .init("debian-rt-5.10-run_queue", .runQueue, "bt-neighbour2-", .likely),
    .init("debian-rt-5.10-run_queue-boost", .runQueue, "bt-neighbour1-", .likely),
    .init("debian-rt-throttling", .higherPriorityTask, "bt-loop-", .proven),
    .init("tracer-preempt-run_queue", .runQueue, "bt_loop-", .likely),
    .init("tracer-rt-deadline", .higherPriorityTask, "bt_deadline-", .likely),
    // Begin and end are in the section, but it is silent, and a guest's host could have paused it.
    .init("tracer-rt-irqs_off-irqsoff", .irqsOff, "bt_irqs_off_section", .likely),
    .init("tracer-rt-irq_storm", .hardIRQ, "bt_storm", .proven),
    .init("tracer-rt-nmi", .nmi, "bt_nmi_handler", .likely),
    .init("tracer-rt-preempt_off-wakeup_rt", .preemptOff, "bt_preempt_off_section", .likely),
    .init("tracer-rt-raw_lock_waiter", .irqsOff, "bt_raw_lock_waiter", .likely),
    .init("tracer-rt-slow_ipi", .tlbShootdown, "bt_slow_ipi_function", .likely),
    .init("tracer-rt-throttle", .deadlineServer, "bt_throttle-", .likely),
  ]

  @Test(arguments: table) func `a fault of the lab is named`(row: LabTrace) throws {
    let verdicts = try row.open().analyze(AnalyzeRequest(), toolVersion: "")
    let analysis = try #require(verdicts.reports.first).analysis
    #expect(analysis.culprit.culprit == row.culprit, "\(analysis.culprit)")
    #expect(analysis.culprit.name.contains(row.name), "\(analysis.culprit.name)")
    #expect(analysis.culprit.confidence == row.confidence)
    let claimed = ([analysis.culprit] + analysis.contributors).reduce(Nanoseconds.zero) {
      $0 + $1.claimed
    }
    #expect(claimed == analysis.sample.latency)
    // What the verdict rests on is in the excerpt, however many switches the window holds.
    #expect(analysis.excerpt.contains { $0.isEvidence })
    #expect(analysis.excerpt.count <= 40)
  }

  /// The emulator did not run the CPU; inside nothing says so.
  @Test func `a pause of the machine in kernel code is not called likely to be that code's`() throws
  {
    let trace = try LabTrace("tracer-rt-emulator-pause", .irqsOff, "", .possible).open()
    let analysis = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
      .analysis
    #expect(analysis.culprit.confidence <= .possible)
    #expect(!analysis.refuted.contains { $0.culprit == .hypervisor })
  }

  @Test(arguments: table.filter { $0.culprit != .runQueue })
  func `ordinary wake-ups prove nothing`(row: LabTrace) throws {
    let trace = try row.open()
    var search = AnalyzeRequest()
    let spike = try #require(trace.analyze(search, toolVersion: "").reports.first).analysis
    search.task = .pid(spike.sample.task.pid)
    search.threshold = Nanoseconds(microseconds: 1)
    search.limit = 10_000
    let all = try #require(trace.list(search)).search.worst.sorted { $0.start < $1.start }
    let lengths = all.map(\.latency.count).sorted()
    let median = try #require(lengths.isEmpty ? nil : lengths[lengths.count / 2])
    // The first ones are what the others are compared with.
    let ordinary = all.dropFirst(20).filter { $0.latency.count <= median * 3 / 2 }
    #expect(ordinary.count >= 20)
    for wakeup in ordinary.suffix(20) {
      var request = AnalyzeRequest()
      request.task = search.task
      request.time = wakeup.start
      let report = try #require(trace.analyze(request, toolVersion: "").reports.first)
      #expect(report.analysis.sample.expiry == wakeup.start)
      #expect(report.analysis.culprit.confidence < .proven, "\(report.analysis.culprit)")
    }
  }
}
