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
    abstract: "Run a command and explain what it waited for.",
    usage:
      "breaktrace run [--threshold US] [--format text|json] [--output FILE] -- COMMAND [ARGUMENT ...]",
    discussion: """
      Follows the process tree of the command and reports which system calls blocked, for how long, which task ended the \
      wait, and what that task had waited for. The report is written to standard error or to a file. Standard output \
      belongs to the command.

      Examples:
        breaktrace run -- ./flaky-test
        breaktrace run --threshold 2000 --format json --output waits.json -- make check

      Exit status: that of the command, or 127 if it cannot be executed; 1: the command succeeded, but the report cannot \
      be written; 3: cannot arm tracing, the command was not run; 64: invalid command line.
      """)

  @Option(help: "Report waits of at least this length in us.")
  var threshold: Int64 = 1_000

  @Option(help: "Output format: text or json.")
  var format = LineFormat.text

  @Option(help: "Write the report to this file.")
  var output: String?

  @Option(help: "Size of the ring buffer per CPU in KiB.")
  var buffer = 8_192

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after `--`.")
  var command: [String] = []

  mutating func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("no command given; use `breaktrace run -- COMMAND [ARGUMENT ...]`")
    }
    try RunQueueLimits.check(threshold: threshold, buffer: buffer)
  }

  mutating func status() -> ExitStatus {
    let plan = RunQueuePlan(
      filter: RunQueueFilter(threshold: Nanoseconds(microseconds: threshold)),
      bufferKilobytes: buffer, hasWork: true)
    let observer = RunQueueObserver(
      warnings: { $0.forEach { Console.error("breaktrace: warning: \($0.text)") } },
      remark: { Console.error("breaktrace: \($0)") })
    let words = command
    do throws(UsageError) {
      if let output { try TextFile.check(output) }
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
    do throws(SessionError) {
      let result = try CommandSession(arguments: words, plan: plan, observer: observer).run {
        errno in
        Console.error("breaktrace: \(words[0]): \(errno)")
      }
      let isWritten = write(result)
      for leftover in result.summary.leftovers {
        Console.error("breaktrace: not restored: \(leftover)")
      }
      return !isWritten && result.status == 0 ? .failure : ExitStatus(result.status)
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private func write(_ result: CommandResult) -> Bool {
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
        return false
      }
    }
    guard let output else {
      Console.error(text)
      return true
    }
    do throws(UsageError) {
      try TextFile.write(text, to: output)
      return true
    } catch {
      Console.error("breaktrace: \(error)")
      return false
    }
  }
}
