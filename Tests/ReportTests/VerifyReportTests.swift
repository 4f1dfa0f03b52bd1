import Report
import Testing
import TraceModel

/// The score of injected faults.
struct VerifyReportTests {
  private func round(
    _ right: Bool = true, _ confidence: String = "proven", bundle: String? = nil
  ) -> VerifyRow.Round {
    VerifyRow.Round(
      latency: Nanoseconds(6_000_000), culprit: right ? "page-fault" : "hypervisor", name: "x",
      confidence: confidence, isClassRight: right, isNameRight: right,
      headline: right ? "a page fault" : "CPU did not run guest code", bundle: bundle)
  }

  private func row(_ rounds: [VerifyRow.Round], obstacle: String? = nil) -> VerifyRow {
    var row = VerifyRow(fault: "page-faults", what: "pages are evicted")
    row.rounds = rounds
    row.obstacle = obstacle
    return row
  }

  private func report(_ rows: VerifyRow...) -> VerifyReport {
    var report = VerifyReport(tool: "1", kernel: "6.1", cpu: 1, rounds: 2)
    report.faults = rows
    return report
  }

  @Test func `all named, once it was measured as often as asked for`() {
    #expect(report(row([round(), round(true, "likely")])).outcome == .named)
    #expect(report(row([round()])).outcome == .incomplete)
    #expect(report(row([round(), round(false, "likely")])).outcome == .incomplete)
    #expect(report(row([])).outcome == .incomplete)
  }

  @Test func `a wrong cause that was called proven outweighs all`() {
    let report = report(row([round(), round(false)]), row([]))
    #expect(report.outcome == .wronglyProven)
    #expect(report.headline.contains("1 wrong verdict called proven"))
  }

  @Test func `what cannot be injected does not count`() {
    let absent = row([], obstacle: "it needs a second CPU")
    #expect(report(row([round(), round()]), absent).outcome == .named)
    #expect(report(absent).outcome == .nothing)
    #expect(report().outcome == .nothing)
    #expect(report(row([round(), round()]), absent).headline.contains("1 cannot be injected here"))
  }

  @Test func `the text has the score, what was said otherwise, and the reasons`() {
    var other = row([round(), round(false, "likely", bundle: "out/b")])
    other.otherSpikes = 1
    other.shortfall = "timed out"
    let text = report(other, row([], obstacle: "it needs a second CPU")).text
    for part in [
      "page-faults   2/2    1/2   1/2      .  likely 1x, proven 1x", "not possible here",
      "CPU did not run guest code; bundle out/b", "it needs a second CPU", "timed out",
      "1 spike with another cause",
    ] { #expect(text.contains(part), "\(part)\n\(text)") }
    #expect(!text.contains("Subject:"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 76 })
  }

  @Test func `JSON has every round`() throws {
    let json = try report(row([round(), round(false)])).json
    for part in ["\"class_right\" : false", "\"latency_ns\" : 6000000", "\"other_spikes\" : 0"] {
      #expect(json.contains(part), "\(part)\n\(json)")
    }
  }
}
