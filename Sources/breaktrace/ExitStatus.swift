import Glibc

/// How the program ends.
struct ExitStatus: Hashable, Sendable {
  /// The number that the shell sees.
  let code: Int32

  /// Makes a status of any number.
  init(_ code: Int32) { self.code = code }

  /// Finished, nothing above the threshold.
  static let success = ExitStatus(0)
  /// An error.
  static let failure = ExitStatus(1)
  /// The threshold was hit.
  static let hit = ExitStatus(2)
  /// It could not measure or arm as asked.
  static let refused = ExitStatus(3)
  /// The threshold was hit, but the trace of the window is incomplete.
  static let incomplete = ExitStatus(4)
  /// The command line is wrong.
  static let usage = ExitStatus(64)

  /// What each number means, for help texts.
  static let help = """
    Exit status:
      0   finished, no latency above the threshold
      1   an error
      2   a latency was above the threshold
      3   cannot measure or arm tracing as requested
      4   as 2, but the trace of the window is incomplete
      64  invalid command line
    When called as cyclictest, the status is 0 instead of 2 and 4, as its scripts expect.
    """
}

/// The way out, in one place.
enum Exit {
  /// Ends the process.
  static func now(_ code: Int32) -> Never { Glibc.exit(code) }
}
