import Report
import Testing
import TraceModel

@Suite struct EscalationReportTests {
  private func report() -> SpikeReport {
    var report = SpikeExamples.report("irqs-off")
    var facts = EscalationFacts(budget: Nanoseconds(25_000))
    facts.steps = [
      .init(number: 1, traced: "events", cost: Nanoseconds(2_000)),
      .init(number: 2, traced: "irqsoff", skipped: "the kernel refused it"),
    ]
    facts.steps[0].culprit = "irqs-off"
    facts.steps[0].name = "rmqueue"
    facts.steps[0].confidence = "likely"
    facts.steps[0].latency = Nanoseconds(217_000)
    report.facts.escalation = facts
    return report
  }

  @Test func `the report has all steps and says which one decided`() {
    let text = report().text
    #expect(text.contains("Escalation\n"))
    #expect(
      text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(
        "Step 1 was decisive."))
    #expect(text.contains("irqs-off rmqueue, likely"))
    #expect(text.contains("skipped, the kernel refused it"))
    #expect(!SpikeExamples.report("irqs-off").text.contains("Escalation"))
  }

  @Test func `the facts come back from their JSON and the report's JSON has the decision`() throws {
    let report = report()
    #expect(try ReportFacts(json: report.facts.json).escalation == report.facts.escalation)
    #expect(try report.json.contains("\"decided\" : 1") || report.json.contains("\"decided\": 1"))
  }

  @Test func `a tracer without a section for the window is a caveat`() {
    var report = SpikeExamples.report("irqs-off")
    report.facts.trace?.tracerGot = "irqsoff"
    report.facts.trace?.tracerOutcome = "no section above tracing_thresh (500 us) on CPU 1"
    let text = report.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(
      text.contains(
        "Tracer irqsoff was armed, but has no section for this window: no section above "
          + "tracing_thresh (500 us) on CPU 1."))
  }
}
