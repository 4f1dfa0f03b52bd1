/// What a kernel can prove, suspect or not see, and what spoils a measurement on its machine.
public struct DoctorReport: Codable, Hashable, Sendable {
  /// Version of the program.
  public var tool: String
  /// Each class of causes.
  public var classes: [ClassVerdict]
  /// What the kernel's tracing offers.
  public var tracing: TracingVerdict
  /// Settings of the machine.
  public var settings: [SettingVerdict]
  /// The clock.
  public var clock: ClockVerdict
  /// The machine.
  public var machine: MachineFacts
  /// The version of this value's JSON.
  public var schema = 1

  /// Memberwise.
  public init(
    tool: String, classes: [ClassVerdict], tracing: TracingVerdict, settings: [SettingVerdict],
    clock: ClockVerdict, machine: MachineFacts
  ) {
    self.tool = tool
    self.classes = classes
    self.tracing = tracing
    self.settings = settings
    self.clock = clock
    self.machine = machine
  }

  /// The classes of one sight, in the catalogue's order.
  public func classes(_ sight: ClassVerdict.Sight) -> [ClassVerdict] {
    classes.filter { $0.sight == sight }
  }

  /// The report in one sentence, without a full stop.
  public var headline: String {
    let counts = [
      (ClassVerdict.Sight.proven, "proven"), (.suspected, "suspected"), (.unseen, "not detectable"),
      (.absent, "impossible here"),
    ].map { "\(classes($0.0).count) \($0.1)" }
    let spoilers = settings.count { $0.state == .spoils }
    return "of \(classes.count) classes of causes, \(counts.joined(separator: ", ")); "
      + "\(Quantity.count(spoilers, "setting")) \(spoilers == 1 ? "impairs" : "impair") a measurement"
  }

  /// The report as a document.
  public var document: Document { DoctorDocument(report: self).document }

  /// The report as text; unlike a spike's it is not a mail and has no subject line.
  public var text: String {
    let mail = MailText.render(document)
    return String(mail.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)[2])
  }

  /// The report as Markdown.
  public var markdown: String { MarkdownText.render(document) }

  /// The report as JSON.
  public var json: String { get throws(ReportError) { try StableJSON.text(self) } }
}
