import Analysis
import ArgumentParser
import Glibc
import Report
import Session
import SystemPackage
import TraceModel

/// `breaktrace run`
struct RunCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a command and explains its waits, back to the cause.",
    usage:
      "breaktrace run [--threshold US] [--format text|json] [--output FILE] -- COMMAND [ARGUMENT ...]",
    discussion: """
      Follows the command's process tree: which system call blocked, for how long, who woke it, and what that one had \
      waited for. The report goes to standard error or to a file; standard output is the command's. The exit status is the \
      command's, or 127 where it cannot be executed.

      Examples:
        breaktrace run -- ./flaky-test
        breaktrace run --threshold 2000 --format json --output waits.json -- make check
      """)

  @Option(help: "Shortest wait that is told, in us.")
  var threshold: Int64 = 1_000

  @Option(help: "text or json.")
  var format = LineFormat.text

  @Option(help: "Where the report is written.")
  var output: String?

  @Option(help: "Buffer of each CPU in KiB.")
  var buffer = 8_192

  @Argument(parsing: .postTerminator, help: "The command and its arguments, behind `--`.")
  var command: [String] = []

  mutating func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("no command: `breaktrace run -- COMMAND [ARGUMENT ...]`")
    }
    guard threshold >= 0, threshold <= 1_000_000_000 else {
      throw ValidationError("--threshold takes 0 to 1000000000 us")
    }
    guard buffer >= 64, buffer <= 1 << 21 else {
      throw ValidationError("--buffer takes 64 to 2097152 KiB")
    }
  }

  mutating func status() -> ExitStatus {
    let plan = RunQueuePlan(
      filter: RunQueueFilter(threshold: Nanoseconds(microseconds: threshold)),
      bufferKilobytes: buffer, hasWork: true)
    let observer = RunQueueObserver(
      warnings: { $0.forEach { Console.error("breaktrace: warning: \($0.text)") } },
      remark: { Console.error("breaktrace: \($0)") })
    let words = command
    do throws(SessionError) {
      let result = try CommandSession(arguments: words, plan: plan, observer: observer).run {
        errno in
        Console.error("breaktrace: \(words[0]): \(errno)")
      }
      write(result)
      for leftover in result.summary.leftovers {
        Console.error("breaktrace: not restored: \(leftover)")
      }
      return ExitStatus(result.status)
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private func write(_ result: CommandResult) {
    let text: String
    switch format {
    case .text:
      text = CommandText.text(
        command: command.joined(separator: " "), status: result.status,
        threshold: Nanoseconds(microseconds: threshold), calls: result.calls, polls: result.polls,
        deliveries: result.deliveries, waits: result.waits, summary: result.summary)
    case .json:
      do {
        text =
          try RunQueueJSON.line(
            calls: result.calls, polls: result.polls, deliveries: result.deliveries,
            status: result.status) + RunQueueJSON.line(result.summary)
      } catch {
        Console.error("breaktrace: \(error)")
        return
      }
    }
    guard let output else {
      Console.error(text)
      return
    }
    do {
      let file = try FileDescriptor.open(
        output, .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(text.utf8) }
    } catch {
      Console.error("breaktrace: \(output) cannot be written: \(error)")
    }
  }
}
