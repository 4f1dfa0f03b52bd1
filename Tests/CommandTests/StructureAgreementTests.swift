import Foundation
import Testing

@testable import breaktrace

extension ProcessTests {
  /// Argument lists run by the installed cyclictest and by ours: exit status and structure of
  /// standard output.
  @Suite(
    .serialized,
    .enabled(
      if: InstalledCyclictest.isUsable && BuiltCommand.isUsable,
      "needs cyclictest (rt-tests), the built executable and root"))
  struct StructureAgreementTests {
    /// The text without what differs from run to run: of frames the last one, numbers as `N`, lists
    /// as one.
    private func structure(_ text: String) -> [String] {
      // A frame begins with the cursor going up; what follows the last one stays.
      var lines: [String] = []
      for line in text.components(separatedBy: "\n") {
        var rest = line
        if let match = rest.firstMatch(of: /\u{1b}\[[0-9]+([AB])/) {
          if match.1 == "A", let start = lines.lastIndex(where: { $0.hasPrefix("policy:") }) {
            lines.removeSubrange(start...)
          }
          rest = rest.replacing(/\u{1b}\[[0-9]+[AB]/, with: "")
        }
        lines.append(rest)
      }
      return lines.map { line in
        if line.hasPrefix("# Thread "), line.contains(":"), !line.hasPrefix("# Thread Ids") {
          return String(line.prefix { $0 != ":" }) + ": LIST"
        }
        if let row = line.firstMatch(of: #/^[0-9]{6} /#) {
          let counts = line[row.range.upperBound...].components(separatedBy: "\t")
          return row.0
            + counts.map { $0.count >= 6 && Int($0) != nil ? "N" : $0 }
            .joined(separator: "\t")
        }
        return line.replacing(#/ *[0-9]+(\.[0-9]+)?/#, with: " N")
      }
    }

    @Test(arguments: [
      "-q -l20", "-l20", "-q -l20 -p 80 -t2", "-q -l20 -S -p 99", "-q -l20 -S -h 30 -p 50",
      "-q -l20 -H 20 -t2 -p 50", "-l30 -h 12 -t2 -p 50", "-q -l20 -N -p 60", "-q -l20 -v -p 60",
      "-v -l10 -p 60", "-v -l20 -o 4 -p 60", "-a 0-1 -v -t2 -l5 -p 60",
      "-q -l20 -h 8 --histfile=/dev/null",
      "-q -l 20 --spike=1 --spike-nodes=5 -p 60", "-q -l30 -b 100000000 -p 60",
      "-q -l100000 -b 1 -p 60", "-q -l20 --laptop -p 60", "-q -l20 --default-system",
      "-q -l20 -c 1 -r", "-q -l20 -s -p 60", "-q -l20 -x -p 60", "-q -l20 -A 50 -t2 -p 60",
      "-q -l20 --secaligned -p 60", "-q -l20 --policy=rr -p 5", "-q -l20 -M -p 60",
      "-q -l20 -R -m -u -p 60", "-q -D 1 -p 60 -i 5000", "-q -l5 -a 999", "--help",
    ])
    func `prints what the installed cyclictest prints`(line: String) throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let theirs = try BuiltCommand.run(
        line.words, as: "cyclictest", program: "/usr/bin/cyclictest", in: directory)
      let ours = try BuiltCommand.run(line.words, as: "cyclictest", in: directory)
      #expect(ours.status == theirs.status, "\(ours.error)\n\(theirs.error)")
      guard line != "--help" else {
        #expect(ours.output.hasPrefix("cyclictest V 2.40"))
        #expect(theirs.output.hasPrefix("cyclictest V 2."))
        return
      }
      // A refusal's words are each one's own.
      guard theirs.status == 0 else { return }
      let (mine, peers) = (structure(ours.output), structure(theirs.output))
      guard line.words.contains("-v"), line.words.contains("-t2") else {
        #expect(mine == peers)
        return
      }
      // Both end with the first thread that is through; how far the other one is, nobody knows.
      #expect(mine.filter { $0 != Self.sample } == peers.filter { $0 != Self.sample })
      for lines in [mine, peers] {
        #expect((5...10).contains(lines.count { $0 == Self.sample }))
      }
    }

    /// A line of -v.
    private static let sample = " N: N: N"

    /// Defects of cyclictest that are named in the contract: it goes on, or says 0; ours refuses.
    @Test(arguments: ["-q -l2x", "-q -l2 -c 2", "-q -l2 --policy=foo", "-q -l2 -D 1x", "-q -l2 -Y"])
    func `refuses with status 1 what cyclictest lets pass`(line: String) throws {
      let ours = try BuiltCommand.run(line.words, as: "cyclictest")
      #expect(ours.status == 1)
      #expect(ours.output == "")
      let error = ours.error.dropFirst("cyclictest: ".count)
      #expect(error.hasPrefix("-") || error.hasPrefix("invalid argument '"), "\(ours.error)")
    }
  }
}
