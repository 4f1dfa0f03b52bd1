public import Analysis

/// The report of one spike: the verdict and the facts around it.
public struct SpikeReport: Hashable, Sendable {
  /// The verdict.
  public var analysis: SpikeAnalysis
  /// The facts around it.
  public var facts: ReportFacts
  /// Version of the program that writes the report.
  public var toolVersion: String

  /// Memberwise.
  public init(_ analysis: SpikeAnalysis, facts: ReportFacts, toolVersion: String) {
    self.analysis = analysis
    self.facts = facts
    self.toolVersion = toolVersion
  }

  /// The verdict in one sentence, without a full stop.
  public var headline: String { Wording(analysis).headline }

  /// A subject line, shorter than the headline.
  public var subject: String { Wording(analysis).subject }

  /// The report as a document.
  public var document: Document { SpikeDocument(ReportRecord(self)).document }

  /// The report as mail text.
  public var text: String { MailText.render(document) }

  /// The report as Markdown.
  public var markdown: String { MarkdownText.render(document) }

  /// The report as JSON.
  public var json: String { get throws(ReportError) { try JSONReport.render([self]) } }
}
