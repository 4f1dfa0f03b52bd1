internal import TraceModel

/// Why a report could not be written, or its facts could not be read.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried.
  public var operation: String
  /// On what.
  public var subject: String
  /// Why it failed.
  public var reason: String
  /// What to do next.
  public var hint: String

  /// An error of `operation` on `subject`.
  public init(operation: String, subject: String, reason: String, hint: String) {
    self.operation = operation
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  /// One line: what failed, on what, why, what to do next.
  public var description: String {
    ErrorLine.text("cannot \(operation) \(subject)", because: [reason], next: hint)
  }
}
