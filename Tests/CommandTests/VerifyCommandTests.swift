import Foundation
import Session
import Testing

@testable import breaktrace

extension ProcessTests {
  /// The words of `verify`.
  struct VerifyCommandTests {
    @Test(arguments: [
      (["--fault", "nothing"], "--fault takes one of hog-above"),
      (["--rounds", "0"], "--rounds takes 1 to 1000"), (["--rounds", "x"], "--rounds"),
      (["--cpu", "4000"], "--cpu takes one of the CPUs"), (["--format", "xml"], "--format"),
      (["word"], "word"),
    ])
    func `wrong words are refused and said`(words: [String], message: String) throws {
      let error = #expect(throws: (any Error).self) {
        try VerifyCommand.parse(words)
      }
      let text = error.map { VerifyCommand.fullMessage(for: $0) } ?? ""
      #expect(text.contains(message), "\(text)")
    }

    @Test func `faults are chosen one by one`() throws {
      let command = try VerifyCommand.parse(
        ["--fault", "lock-owner", "--fault", "hog-above", "--rounds", "2"])
      #expect(command.faults == [.lockOwner, .hogAbove])
      #expect(command.rounds == 2)
    }

    @Test func `the help names every fault and every exit status`() {
      let help = VerifyCommand.helpMessage()
      for fault in VerifyFault.allCases { #expect(help.contains(fault.rawValue)) }
      for status in ["0:", "1:", "2:", "3:", "64:", "128"] { #expect(help.contains(status)) }
    }

    @Test(.enabled(if: BuiltCommand.canTrace, "needs the built executable, root and tracefs"))
    func `a directory that cannot be made ends it before anything is injected`() throws {
      let outcome = try BuiltCommand.run(
        ["verify", "--fault", "hog-above", "--output", "/proc/none"])
      #expect(outcome.status == 3)
      #expect(outcome.error.contains("/proc/none") && outcome.error.contains("--output"))
      #expect(outcome.output.isEmpty)
    }
  }
}
