/// The score of faults that were injected on purpose: what was injected, and what the reports
/// called it.
public struct VerifyReport: Codable, Hashable, Sendable {
  /// Version of the program.
  public var tool: String
  /// Release of the kernel.
  public var kernel: String?
  /// The CPU that was measured.
  public var cpu: Int
  /// How often each fault was to be measured.
  public var rounds: Int
  /// The faults, in the order in which they were injected.
  public var faults: [VerifyRow] = []
  /// The signal that ended it before its time, nil for none.
  public var signal: Int32?
  /// What could not be restored, one line each; empty is the rule.
  public var leftovers: [String] = []
  /// The version of this value's JSON.
  public var schema = 1

  /// Makes a score without faults.
  public init(tool: String, kernel: String?, cpu: Int, rounds: Int) {
    self.tool = tool
    self.kernel = kernel
    self.cpu = cpu
    self.rounds = rounds
  }

  /// What the whole came to.
  public enum Outcome: String, Hashable, Sendable {
    /// Every fault that can be injected here was named each time.
    case named
    /// Some were not named.
    case incomplete
    /// A wrong cause was called proven.
    case wronglyProven
    /// No fault was injected at all.
    case nothing
  }

  /// What the whole came to.
  public var outcome: Outcome {
    let injected = faults.filter { $0.obstacle == nil }
    if injected.contains(where: { $0.wrongProven > 0 }) { return .wronglyProven }
    if injected.isEmpty { return .nothing }
    return injected.allSatisfy { $0.isNamed(rounds: rounds) } ? .named : .incomplete
  }

  /// The score in one sentence, without a full stop.
  public var headline: String {
    let injected = faults.filter { $0.obstacle == nil }
    guard !injected.isEmpty else { return "no fault can be injected here" }
    let named = injected.count { $0.isNamed(rounds: rounds) }
    let wrong = injected.reduce(0) { $0 + $1.wrongProven }
    var text =
      named == injected.count
      ? (named == 1 ? "the injected fault was named" : "all \(named) injected faults were named")
      : "\(named) of \(injected.count) injected faults were named"
    if wrong > 0 { text += "; \(Quantity.count(wrong, "wrong verdict")) called proven" }
    let missing = faults.count - injected.count
    if missing > 0 { text += "; \(missing) cannot be injected here" }
    return text
  }

  /// The score as a document.
  public var document: Document { VerifyDocument(report: self).document }

  /// The score as text; unlike a spike's report it is not a mail and has no subject line.
  public var text: String {
    let mail = MailText.render(document)
    return String(mail.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)[2])
  }

  /// The score as Markdown.
  public var markdown: String { MarkdownText.render(document) }

  /// The score as JSON.
  public var json: String { get throws(ReportError) { try StableJSON.text(self) } }
}
