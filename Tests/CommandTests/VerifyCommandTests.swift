import Foundation
import Session
import Testing

@testable import breaktrace

extension ProcessTests {
  /// The words of `verify`.
  struct VerifyCommandTests {
    @Test(
      .enabled(if: BuiltCommand.isUsable, "needs the built executable"),
      arguments: [
        (["--fault", "nothing"], "invalid argument 'nothing' for --fault: expected hog-above"),
        (["--rounds", "0"], "for --rounds: expected a number from 1 to 1000"),
        (["--rounds", "x"], "--rounds"),
        (["--cpu", "4000"], "invalid argument '4000' for --cpu: expected one of the CPUs"),
        (["--format", "xml"], "--format"),
        (["word"], "word"),
      ] as [([String], String)])
    func `wrong words are refused and said`(words: [String], message: String) throws {
      let outcome = try BuiltCommand.run(["verify"] + words)
      #expect(outcome.status == 64)
      #expect(outcome.error.contains(message), "\(outcome.error)")
      #expect(outcome.output.isEmpty)
    }

    @Test(.enabled(if: BuiltCommand.isUsable, "needs the built executable"))
    func `the help names every fault and every exit status`() throws {
      let help = try BuiltCommand.run(["verify", "--help"]).output
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
