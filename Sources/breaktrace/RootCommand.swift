import ArgumentParser

/// The commands beside measuring.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "breaktrace",
    abstract: "Measure wakeup latency and report the cause of a spike.",
    subcommands: [
      AnalyzeCommand.self, RunqCommand.self, RunCommand.self, DemoCommand.self,
      DoctorCommand.self, VerifyCommand.self, PlanCommand.self, HeadroomCommand.self,
      ResponseCommand.self,
      ScopeCommand.self, PlotCommand.self, StatusCommand.self, DisarmCommand.self,
      CompletionCommand.self,
    ])

  /// The words that replace them.
  static let names = Set(
    configuration.subcommands.compactMap { $0.configuration.commandName })

  /// Parses the words and runs the command.
  static func run(_ words: [String]) -> ExitStatus {
    do {
      var command = try parseAsRoot(words)
      guard var runnable = command as? any StatusReporting else {
        try command.run()
        return .success
      }
      return runnable.status()
    } catch {
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code == .success {
        Console.output(text + "\n")
        return .success
      }
      Console.error(text)
      return .usage
    }
  }

  /// The overview.
  static func help() -> ExitStatus {
    let commands = configuration.subcommands.map { command in
      let name = command.configuration.commandName ?? ""
      return "  \(name)\(String(repeating: " ", count: max(1, 26 - name.count)))"
        + command.configuration.abstract
    }
    Console.output(
      """
      breaktrace measures wakeup latency, stops at a spike and reports what caused it.

      \(OptionHelp.text(.breaktrace))
      Commands:
        measure                   Measure wakeup latency (default command).
        cyclictest                Like measure, with cyclictest's options, output and exit status.
      \(commands.joined(separator: "\n"))

      See `breaktrace COMMAND --help` for a command and `breaktrace help man` for the manual page.

      \(ExitStatus.help)

      """)
    return .success
  }
}

/// A command that reports its exit status.
protocol StatusReporting {
  /// Does it.
  mutating func status() -> ExitStatus
}
