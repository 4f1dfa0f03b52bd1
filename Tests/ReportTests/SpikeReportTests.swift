import Analysis
import Report
import Testing
import TraceModel

@Suite struct SpikeReportTests {
  @Test func `the headline says latency, place, cause and confidence`() {
    #expect(
      SpikeExamples.report("hypervisor").headline
        == "latency 1485 us on CPU 1 at priority 80 (threshold 100 us): the CPU did not run guest code, "
        + "1462 us (hypervisor, likely)")
    #expect(
      SpikeExamples.report("irqs-off").headline
        == "latency 247 us on CPU 1 at priority 80 (threshold 100 us): IRQs were disabled in function "
        + "__rmqueue_pcplist, 217 us (irqs-off, likely)")
    #expect(
      SpikeExamples.report("non-preemptible-kernel").headline.contains(
        "the kernel could not be preempted in function ext4_finish_bio"))
  }

  @Test(arguments: SpikeExamples.names)
  func `the subject is shorter than the headline and comes first`(name: String) {
    let report = SpikeExamples.report(name)
    #expect(report.subject.count < report.headline.count)
    #expect(report.text.hasPrefix("Subject: \(report.subject)\n"))
  }

  @Test(arguments: SpikeExamples.names)
  func `the first screen says how late, where, who, how sure and what to do next`(name: String) {
    let report = SpikeExamples.report(name)
    guard case .definitions(let rows)? = report.document.lead.first else {
      Issue.record("no rows")
      return
    }
    #expect(rows.map(\.term) == ["latency", "where", "culprit", "confidence", "next step"])
    #expect(rows[0].text.contains("threshold"))
    #expect(rows[1].text.hasPrefix("CPU \(report.analysis.sample.cpu), thread "))
    let culprit = report.analysis.culprit
    #expect(rows[2].text.contains("(\(culprit.culprit.rawValue))"))
    #expect(rows[2].text.contains(culprit.name) || culprit.culprit == .hypervisor)
    #expect(rows[3].text.hasPrefix(culprit.confidence.rawValue))
    #expect(rows[4].text == culprit.nextStep && !rows[4].text.isEmpty)
    // The verdict is said once more, in the subject line, and nowhere else.
    let screen = report.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(30)
    let verdict = "\(culprit.culprit.rawValue), \(culprit.confidence.rawValue)"
    #expect(screen.count { $0.contains(verdict) } <= 1)
  }

  @Test(arguments: SpikeExamples.names)
  func `the segment table sums to the latency to the nanosecond`(name: String) throws {
    let report = SpikeExamples.report(name)
    let section = try #require(report.document.sections.first { $0.title == "Segments" })
    guard case .table(let table) = section.blocks[0] else {
      Issue.record("no table")
      return
    }
    let lengths = try table.rows.map { try #require(Self.nanoseconds($0[1])) }
    #expect(lengths.reduce(0, +) == report.analysis.sample.latency.count)
    #expect(try Self.nanoseconds(#require(table.total)[1]) == report.analysis.sample.latency.count)
    #expect(table.rows.contains { $0[0] == "unexplained" })
  }

  @Test func `culprit and contributors together account for the whole latency`() {
    for name in SpikeExamples.names {
      let analysis = SpikeExamples.report(name).analysis
      let claimed = ([analysis.culprit] + analysis.contributors).reduce(Nanoseconds.zero) {
        $0 + $1.claimed
      }
      #expect(claimed == analysis.sample.latency, "\(name)")
    }
  }

  @Test func `lost events are said loudly and cap the confidence`() {
    let report = SpikeExamples.report("lost-events")
    #expect(report.text.contains("AT LEAST 512 EVENTS WERE LOST"))
    #expect(report.text.contains("verdict is at most possible"))
    #expect(report.analysis.culprit.confidence <= .possible)
  }

  @Test func `a name is never bare: it has a class, a confidence and evidence`() {
    for name in SpikeExamples.names {
      let report = SpikeExamples.report(name)
      let analysis = report.analysis
      // Only what nothing explains has no evidence, and then it has no name either.
      #expect(analysis.culprit.evidence.isEmpty == (analysis.culprit.confidence == .unexplained))
      guard !analysis.culprit.name.isEmpty else { continue }
      let line = report.text.split(separator: "\n").first { $0.hasPrefix("  culprit ") }
      let words = line?.split(separator: " ") ?? []
      #expect(words.count >= 3, "\(line ?? "")")
    }
  }

  @Test func `a report without any fact still renders in every face`() throws {
    let full = SpikeExamples.report("irqs-off")
    let bare = SpikeReport(full.analysis, facts: ReportFacts(), toolVersion: "x")
    #expect(bare.text.contains("Caveats"))
    #expect(bare.markdown.contains("## Caveats"))
    #expect(try bare.json.contains("\"schema\" : 1"))
    #expect(!bare.text.contains("Machine\n"))
  }

  @Test func `a trace without events is unknown and says what to ask for`() {
    let sample = WakeupSample(
      cpu: 3, task: TaskIdentity(pid: 5, comm: ""), policy: .other, priority: 0, sequence: 0,
      expiry: Nanoseconds(5_000), wake: Nanoseconds(1_005_000), threshold: nil, source: .time)
    let analysis = Analyzer(context: SystemContext()).explain(sample, in: Timeline(cpus: []))
    let report = SpikeReport(analysis, facts: ReportFacts(), toolVersion: "x")
    #expect(report.headline.hasSuffix("no known cause explains this time (unknown)"))
    #expect(report.headline.hasPrefix("latency 1000 us on CPU 3 as a normal task: "))
    #expect(report.text.contains("THE BUFFER BEGINS AFTER THE EXPIRY"))
  }

  @Test func `an early wake-up and an absurd sample do not trap`() throws {
    for (expiry, wake) in [(5_000, 1_000), (Int64.min, Int64.max), (Int64.max, Int64.min), (0, 0)] {
      let sample = WakeupSample(
        cpu: 0, task: TaskIdentity(pid: -1, comm: "\u{1b}[31m\n"), policy: nil, priority: -7,
        sequence: .max, expiry: Nanoseconds(expiry), wake: Nanoseconds(wake),
        threshold: Nanoseconds(.min), source: .time)
      let analysis = Analyzer(context: SystemContext()).explain(sample, in: Timeline(cpus: []))
      let report = SpikeReport(analysis, facts: ReportFacts(), toolVersion: "x")
      #expect(!report.text.contains("\u{1b}"))
      #expect(!report.markdown.contains("\u{1b}"))
      #expect(try !report.json.contains("\u{1b}"))
    }
  }

  /// `1462.000` in ns.
  static func nanoseconds(_ text: String) -> Int64? {
    let parts = text.split(separator: ".")
    guard parts.count == 2, parts[1].count == 3, let whole = Int64(parts[0]),
      let rest = Int64(parts[1])
    else { return nil }
    return whole * 1_000 + rest
  }
}
