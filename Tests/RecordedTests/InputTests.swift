import Analysis
import Captures
import Foundation
import Recorded
import Report
import Testing
import TraceFile
import TraceModel

/// Small inputs of the kinds that people post: each is analysed, or refused with a reason.
struct InputTests {
  @Test(arguments: Captures.files("inputs/traces"))
  func `an input is analysed or refused with a reason`(name: String) throws {
    let bytes = try Captures.bytes(name)
    let trace: RecordedTrace
    do throws(RecordedError) {
      trace = try RecordedTrace(bytes: bytes, name: name)
    } catch {
      #expect("\(error)".contains(name))
      return
    }
    var all = AnalyzeRequest()
    all.all = true
    for request in [AnalyzeRequest(), all] {
      let verdicts = trace.analyze(request, toolVersion: "test")
      #expect(
        !verdicts.reports.isEmpty || !verdicts.remarks.isEmpty || !verdicts.order.isEmpty
          || trace.hasNoEvents)
      for report in verdicts.reports { #expect(!report.text.isEmpty) }
    }
  }

  @Test func `there are as many inputs as their table describes`() throws {
    #expect(Captures.files("inputs/traces").count == 46)
  }

  @Test func `the bundle of a guest's pause is whole and analysed`() throws {
    let folder = NSTemporaryDirectory() + "breaktrace-input-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Captures.unpack("inputs/guest-pause-in-timer-interrupt", into: folder)
    try Bundle(folder).verify()
    let trace = try RecordedTrace(path: folder)
    #expect(trace.problems == [])
    let report = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
    #expect(report.analysis.sample.latency.microseconds > 1_465)
    // 1465 us between two events of the timer interrupt that follow each other at once in all
    // others.
    #expect(report.analysis.culprit.culprit == .hypervisor)
    #expect(report.analysis.culprit.confidence < .proven)
    #expect(report.analysis.open.contains { $0.culprit == .hardIRQ })
    let all = [report.analysis.culprit] + report.analysis.contributors
    #expect(!all.contains { $0.culprit == .hardIRQ && $0.confidence == .proven })
  }

  private func analysis(_ name: String) throws -> SpikeAnalysis {
    let name = "inputs/traces/\(name).txt"
    let trace = try RecordedTrace(bytes: try Captures.bytes(name), name: name)
    return try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first).analysis
  }

  @Test func `a length within a tick of the clock has no culprit but the clock`() throws {
    let analysis = try analysis("irqsoff-jiffy-clock")
    #expect(analysis.culprit.culprit == .clock)
    #expect(analysis.culprit.confidence == .possible)
    #expect(analysis.culprit.name.contains("4 ms"))
    #expect(analysis.contributors.isEmpty)
  }

  @Test func `a virtio interrupt keeps the hypervisor open`() throws {
    let analysis = try analysis("timerlat-in-a-guest")
    #expect(analysis.culprit.culprit == .idleExit)
    #expect(analysis.culprit.confidence == .possible)
    #expect(analysis.open.contains { $0.culprit == .hypervisor && $0.reason.contains("virtio") })
    #expect(!analysis.refuted.contains { $0.culprit == .hypervisor })
  }

  /// Nobody knows on what these were recorded.
  @Test(arguments: Captures.files("inputs/traces"))
  func `no input is proven where most of its time is silent`(name: String) throws {
    guard let trace = try? RecordedTrace(bytes: try Captures.bytes(name), name: name) else {
      return
    }
    for report in trace.analyze(AnalyzeRequest(), toolVersion: "").reports {
      #expect(report.analysis.culprit.confidence < .proven, "\(report.analysis.culprit)")
      #expect(!report.analysis.refuted.contains { $0.reason.contains("virtual machine") })
    }
  }
}
