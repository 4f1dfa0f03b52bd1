/// Why a report could not be written or its facts not be read.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried.
  public var operation: String
  /// On what.
  public var subject: String
  /// Why it failed.
  public var reason: String
  /// What to do next.
  public var hint: String

  /// Makes an error.
  public init(operation: String, subject: String, reason: String, hint: String) {
    self.operation = operation
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  /// One sentence and the hint.
  public var description: String { "cannot \(operation) \(subject): \(reason). \(hint)" }
}
