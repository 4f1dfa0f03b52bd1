import Foundation
import Testing

@testable import breaktrace

extension ProcessTests {
  /// Packed files, standard input, and what is not a file, in every command that reads recorded
  /// traces.
  @Suite(.enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
  struct TraceInputTests {
    /// The commands that read a trace, without its path.
    private static let readers = [
      ["analyze", "--runq", "--threshold", "0"], ["runq", "--threshold", "0", "--file"],
      ["analyze", "--format", "json"],
    ]

    /// A captured trace.dat, packed with zstd.
    private static let capture = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(
        path: "RecordedTests/Fixtures/lab/debian-rt-stop_machine.dat.zst"
      ).path

    /// A directory with the trace as `plain`, `gz` and `zst`, and a text of it as `text`.
    private func directory() throws -> URL {
      let directory = try BuiltCommand.directory()
      let made = try shell(
        """
        cp \(Self.capture) zst && zstd -q -d -c zst >plain && gzip -c plain >gz && mkfifo fifo &&
          { printf '# tracer: nop\\n' && for time in 1 2 3; do
              printf '  a-7 [001] d..2 %s.001000: sched_waking: comm=b pid=8 prio=120 target_cpu=001\\n' $time
              printf '  a-7 [001] d..2 %s.021000: sched_switch: prev_comm=a prev_pid=7 prev_prio=120 prev_state=R ==> next_comm=b next_pid=8 next_prio=120\\n' $time
              printf '  b-8 [001] d..2 %s.022000: sched_switch: prev_comm=b prev_pid=8 prev_prio=120 prev_state=S ==> next_comm=a next_pid=7 next_prio=120\\n' $time
            done; } >text
        """, in: directory)
      try #require(made.status == 0, "\(made.error)")
      return directory
    }

    private func shell(_ text: String, in directory: URL) throws -> BuiltCommand.Outcome {
      try BuiltCommand.run(
        ["-c", text, BuiltCommand.path], program: "/bin/bash", in: directory)
    }

    @Test(arguments: readers)
    func `a packed file and standard input give what the plain file gives`(words: [String]) throws {
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let plain = try BuiltCommand.run(words + ["plain"], in: directory)
      #expect(plain.output.count > 1_000)
      for name in ["gz", "zst"] {
        let packed = try BuiltCommand.run(words + [name], in: directory)
        #expect(packed.status == plain.status && packed.output == plain.output, "\(packed.error)")
      }
      let command = "\"$0\" \(words.joined(separator: " ")) -"
      for input in [
        "\(command) <plain", "cat plain | \(command)", "cat zst | \(command)",
        "cat gz | \(command)", "\(command) <zst", "cat fifo | \(command) & cat gz >fifo; wait $!",
        "\(command) <fifo & cat plain >fifo; wait $!", "cp plain ./-; \(command.dropLast())./-",
      ] {
        let outcome = try shell(input, in: directory)
        #expect(
          outcome.status == plain.status && outcome.output == plain.output,
          "\(input): \(outcome.error)")
      }
    }

    @Test func `a text comes through a pipe`() throws {
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let plain = try BuiltCommand.run(["runq", "--file", "text"], in: directory)
      #expect(plain.status == 0 && plain.output.contains("20000"), "\(plain.error)")
      for words in ["runq --file -", "analyze --runq -"] {
        let outcome = try shell("gzip -c text | \"$0\" \(words)", in: directory)
        #expect(outcome.output == plain.output, "\(outcome.error)")
      }
    }

    @Test(arguments: readers)
    func `what is no file is refused at once`(words: [String]) throws {
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      for (name, reason) in [
        ("fifo", "it is a FIFO; name a regular file, or read it as standard input: `- <fifo`"),
        ("/dev/zero", "it is a character device; name a regular file"),
        ("/", "neither a bundle nor a dump"),
      ] {
        let start = ContinuousClock.now
        let outcome = try BuiltCommand.run(words + [name], in: directory)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("cannot open \(name): "), "\(outcome.error)")
        #expect(outcome.error.contains(reason), "\(outcome.error)")
        #expect(ContinuousClock.now - start < .seconds(10))
      }
      let command = "\"$0\" \(words.joined(separator: " ")) -"
      for (input, reason) in [
        ("\(command) </dev/null", "cannot read standard input: the file is empty"),
        ("\(command) <&-", "cannot open standard input: Bad file descriptor"),
        ("\(command) <.", "cannot read standard input: Is a directory"),
        ("head -c 100000 zst | \(command) >/dev/null", ""),
        ("head -c 100000 /dev/urandom | \(command)", "cannot read standard input"),
      ] {
        let outcome = try shell(input, in: directory)
        #expect(
          reason.isEmpty || outcome.error.contains(reason), "\(input): \(outcome.error)")
        #expect(outcome.status < 5, "\(input): \(outcome.error)")
      }
    }

    @Test func `options that choose a buffer go with a file`() throws {
      let live = try BuiltCommand.run(["runq", "--instance", "x"])
      #expect(live.status == 64 && live.error.contains("require --file"), "\(live.error)")
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      for words in [["runq", "--file", "plain"], ["analyze", "--runq", "plain"]] {
        let outcome = try BuiltCommand.run(words + ["--instance", "none"], in: directory)
        #expect(outcome.status == 1)
        #expect(
          outcome.error.contains(
            "contains no buffer \"none\" with events; it contains the top-level buffer"),
          "\(outcome.error)")
      }
    }
  }
}
