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
      #expect(!verdicts.reports.isEmpty || !verdicts.remarks.isEmpty || trace.hasNoEvents)
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
  }
}
