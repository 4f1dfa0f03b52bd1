import Foundation
import Testing

@testable import breaktrace

extension ProcessTests {
  /// What is said of input that cannot be used, and the exit status.
  @Suite(.enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
  struct InputErrorTests {
    /// A directory with files that are not traces.
    private func directory() throws -> URL {
      let directory = try BuiltCommand.directory()
      func write(_ bytes: Data, _ name: String) throws {
        try bytes.write(to: directory.appending(path: name))
      }
      try write(Data(), "empty")
      try write(Data("hello world\n".utf8), "text")
      try write(Data((0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }), "junk")
      try write(Data(Self.trace.utf8), "trace")
      for name in ["dir", "bundle"] {
        try FileManager.default.createDirectory(
          at: directory.appending(path: name), withIntermediateDirectories: true)
      }
      try write(Data(), "bundle/SHA256SUMS")
      return directory
    }

    /// Two wake-ups of a FIFO 80 thread after another task.
    private static let trace = """
      # tracer: nop
      #
                <idle>-0       [001] d.h1   100.000100: sched_waking: comm=meter pid=42 prio=19 target_cpu=001
                <idle>-0       [001] d..2   100.000150: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=meter next_pid=42 next_prio=19
                 meter-42      [001] d..2   100.000200: sched_switch: prev_comm=meter prev_pid=42 prev_prio=19 prev_state=S ==> next_comm=cc1 next_pid=7 next_prio=120
                   cc1-7       [001] d.h1   100.001100: sched_waking: comm=meter pid=42 prio=19 target_cpu=001
                   cc1-7       [001] d..2   100.021100: sched_switch: prev_comm=cc1 prev_pid=7 prev_prio=120 prev_state=R ==> next_comm=meter next_pid=42 next_prio=19

      """

    /// `nobody` may execute the built command.
    private static let hasOrdinaryUser =
      (try? BuiltCommand.run(asNobody + ["--version"], program: setpriv))?.status == 0
    private static let setpriv = "/usr/bin/setpriv"
    private static var asNobody: [String] {
      ["--reuid=65534", "--regid=65534", "--clear-groups", BuiltCommand.path]
    }

    @Test(
      .enabled(if: hasOrdinaryUser, "needs setpriv and an executable that nobody may run"),
      arguments: [[], ["--format", "json"], ["--top"], ["--filter-in", "pages"]])
    func `runq without root says so and prints nothing else`(options: [String]) throws {
      let outcome = try BuiltCommand.run(
        Self.asNobody + ["runq", "--duration", "1"] + options, program: Self.setpriv)
      #expect(outcome.output == "")
      #expect(outcome.error.contains("root is required"))
      #expect(outcome.error.split(separator: "\n").count == 1)
      #expect(outcome.status == 3)
    }

    @Test(arguments: [["runq", "--file", "text"], ["runq", "--file", "missing"]])
    func `a file without waits gives no table`(words: [String]) throws {
      let outcome = try BuiltCommand.run(words, in: try directory())
      #expect(outcome.output == "")
      #expect(outcome.status == 1)
    }

    @Test(
      arguments: [
        (["analyze", "missing"], 1, "missing: No such file"),
        (["analyze", "empty"], 1, "the file is empty"),
        (["analyze", "text"], 1, "contains no event"), (["analyze", "junk"], 1, "unknown format"),
        (["analyze", "dir"], 1, "neither a bundle"), (["analyze", "bundle"], 1, "incomplete"),
        (["analyze", "trace", "--task", "nobody"], 1, "contains no wakeup of that task"),
        (
          ["analyze", "trace", "--task", "nobody", "--threshold", "1"], 1,
          "contains no wakeup of that task"
        ),
        (["analyze", "trace", "--task", "nobody", "--list"], 1, "contains no wakeup of that task"),
        (["analyze", "trace", "--task", "42", "--threshold", "90000"], 0, "no wakeups of 42"),
        (["analyze", "trace", "--at", "1.5"], 1, "covers 100.000100000 to 100.0211"),
        (["analyze", "--runq", "missing"], 1, "missing: No such file"),
        (["analyze", "--runq", "text"], 1, "contains no sched_switch event"),
        (["analyze", "--runq", "trace", "--list"], 64, "--runq: can only be used together with"),
        (["runq", "--file", "missing"], 1, "missing: No such file"),
        (
          ["runq", "--file", "trace", "--pid", "1"], 64,
          "--pid: cannot be used together with --file; use --tid or --comm"
        ),
        (["runq", "--file", "trace", "--top"], 64, "cannot be used together with --file"),
        (["runq", "--tree", "1"], 64, "--tree: requires --file"),
        (["runq", "--check-log", "missing"], 1, "cannot read missing: No such file"),
        (["runq", "--tid", "2147483647"], 1, "no such thread: 2147483647"),
        (["runq", "--cpu", "4000"], 1, "CPU 4000 does not exist"),
        (
          ["run", "--output", "none/x", "--", "touch", "ran"], 3,
          "cannot write none/x: No such file"
        ),
        (["run", "--output", "dir", "--", "touch", "ran"], 3, "Is a directory"),
        (["plot", "dir"], 1, "without histogram.txt"), (["plot", "missing"], 1, "missing"),
        (["-D", "1", "-q", "--json", "none/x"], 3, "cannot write none/x: No such file"),
        (["-D", "1", "-q", "-h", "9", "--histfile", "dir"], 3, "Is a directory"),
        (["-D", "1", "-q", "-b", "1", "--output", "text"], 3, "Not a directory"),
        (
          ["-D", "1", "-q", "-b", "1", "--events", "foo"], 64,
          "invalid argument 'foo' for --events: expected system:name"
        ),
      ] as [([String], Int32, String)])
    func `says what is wrong and what to do`(words: [String], status: Int32, message: String)
      throws
    {
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let outcome = try BuiltCommand.run(words, in: directory)
      #expect(outcome.status == status, "\(outcome.error)")
      #expect(outcome.error.contains(message), "\(outcome.error)")
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "ran").path))
    }

    @Test func `analyze --runq shows what runq --file shows`() throws {
      let directory = try directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let one = try BuiltCommand.run(["analyze", "--runq", "trace"], in: directory)
      let other = try BuiltCommand.run(["runq", "--file", "trace"], in: directory)
      #expect(one.status == 0 && one.output == other.output)
      #expect(one.output.contains("meter") && one.output.contains("cc1-7"), "\(one.output)")
      let task = try BuiltCommand.run(
        ["analyze", "--runq", "--task", "42", "--threshold", "0", "--format", "json", "trace"],
        in: directory)
      #expect(task.output.contains("\"latency_ns\":20000000"), "\(task.output)")
    }

    @Test(arguments: [["--help"], ["help", "man"], ["-D", "1", "-q"], ["verify", "--help"]])
    func `output that cannot be written is an error`(words: [String]) throws {
      let outcome = try BuiltCommand.run(
        ["-c", "exec \"$0\" \"$@\" >/dev/full", BuiltCommand.path] + words, program: "/bin/bash")
      #expect(outcome.status == 1)
      #expect(outcome.error.contains("cannot write standard output: No space left"))
    }
  }
}
