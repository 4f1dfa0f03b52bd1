import TraceModel

/// A command line that cannot be used: which word, what is wrong with it, what to write instead.
struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The option, word or file as the user wrote it (`-p`, `-smp`).
  var subject: String
  /// The option's argument that is refused; nil where something else is wrong.
  var value: String?
  /// What is wrong, or what the argument should have been.
  var problem: String
  /// What to do instead; nil where the problem says it already.
  var hint: String?

  /// `subject: problem; hint`
  init(_ subject: String, _ problem: String, hint: String? = nil) {
    self.subject = subject
    self.problem = problem
    self.hint = hint
  }

  /// `invalid argument 'value' for subject: expected …`
  init(_ subject: String, invalid value: String, expected: String) {
    self.subject = subject
    self.value = value
    self.problem = "expected " + expected
  }

  /// One line, without the command's name and without a line end.
  var description: String {
    let failure = value.map { "invalid argument '\($0)' for \(subject)" } ?? subject
    return ErrorLine.text(failure, because: [problem], next: hint)
  }
}
