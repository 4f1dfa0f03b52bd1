import Report
import Testing

@Suite struct GoldenTests {
  @Test(arguments: SpikeExamples.names)
  func `text, Markdown and JSON of an example equal the golden files`(name: String) throws {
    let report = SpikeExamples.report(name)
    try Golden.check(report.text, "\(name).txt")
    try Golden.check(report.markdown, "\(name).md")
    try Golden.check(report.json, "\(name).json")
  }

  @Test func `a campaign's table equals its golden files`() throws {
    let table = SpikeTableTests.table
    try Golden.check(table.text, "campaign.txt")
    try Golden.check(MarkdownText.render(table.document), "campaign.md")
    try Golden.check(table.json, "campaign.json")
  }
}
