/// A command line that cannot be taken as it stands: which word, what is wrong, what to write instead.
struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The option or word as the user would recognise it (`-p`, `-smp`).
  var subject: String
  /// What is wrong with it.
  var problem: String
  /// What to do instead, nil where the problem says it already.
  var hint: String?

  /// Makes an error.
  init(_ subject: String, _ problem: String, hint: String? = nil) {
    self.subject = subject
    self.problem = problem
    self.hint = hint
  }

  /// One line, without the command's name and without a line end.
  var description: String {
    "\(subject): \(problem)" + (hint.map { "; \($0)" } ?? "")
  }
}
