import Analysis
import Foundation
import Testing
import TraceModel

@Suite struct ClassTests {
  @Test(arguments: Scenarios.all) func `each class is named`(scenario: Scenario) {
    let result = scenario.analysis
    #expect(result.culprit.culprit == scenario.culprit, "\(result.culprit) \(result.contributors)")
    #expect(result.culprit.name == scenario.name)
    #expect(result.culprit.confidence == scenario.confidence)
    #expect(!result.culprit.nextStep.isEmpty)
    #expect(result.sumsAreExact)
    if scenario.culprit != .unknown { #expect(!result.culprit.evidence.isEmpty) }
  }

  @Test func `there is a scenario and a profile for every class`() {
    #expect(Set(Scenarios.all.map(\.culprit)) == Set(CulpritClass.allCases))
    #expect(RuleCatalogue.all.map(\.culprit) == CulpritClass.allCases)
    for profile in RuleCatalogue.all {
      #expect(!profile.takes.isEmpty)
      if profile.culprit != .unknown { #expect(!profile.needs.isEmpty) }
    }
  }

  @Test(arguments: Scenarios.all) func `no verdict is better than its class can be`(
    scenario: Scenario
  ) throws {
    let result = scenario.analysis
    for finding in [result.culprit] + result.contributors {
      let profile = try #require(RuleCatalogue.profile(of: finding.culprit))
      #expect(finding.confidence <= profile.best, "\(finding.culprit)")
    }
  }

  @Test(arguments: Scenarios.all) func `lost events cap every class`(scenario: Scenario) {
    var lossy = scenario
    let window = scenario.sample.window
    lossy.timeline.cpus[0].gaps = [TimelineGap(span: window, cause: .lostEvents(count: nil))]
    let result = lossy.analysis
    #expect(result.culprit.confidence <= .possible)
    #expect(result.sumsAreExact)
  }

  @Test(arguments: Scenarios.all) func `the excerpt in the documentation is the committed one`(
    scenario: Scenario
  ) throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/excerpts/\(scenario.culprit.rawValue).txt")
    let text = Self.excerpt(scenario)
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == text)
  }

  /// The lines of the excerpt: us after the expiry, CPU, flags, event; `>` marks the evidence.
  private static func excerpt(_ scenario: Scenario) -> String {
    let result = scenario.analysis
    var text = ""
    for line in result.excerpt {
      guard let event = line.event else {
        text += "    ... \(line.omitted) more\n"
        continue
      }
      let tenths = (event.time - scenario.sample.expiry).count / 100
      let number = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
      let pad = String(repeating: " ", count: max(0, 9 - number.count))
      text +=
        "\(line.isEvidence ? ">" : " ") \(pad)\(number)  \(line.task.text) [\(event.cpu)] "
        + "\(event.context.column)  \(event.text)\n"
    }
    return text
  }
}
