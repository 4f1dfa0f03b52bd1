import ArgumentParser
import Session
import SystemPackage
import TraceModel
import Tracefs

/// The program: chooses the command and turns its outcome into the exit status.
@main
enum Entry {
  static func main() {
    let words = CommandLine.arguments
    let name = words.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
    exit(with: run(name: name, Array(words.dropFirst())))
  }

  /// Runs the command that the words name.
  private static func run(name: String, _ words: [String]) -> ExitStatus {
    if name == "cyclictest" { return MeasureCommand.run(words, dialect: .cyclictest) }
    switch words.first {
    case Guardian.subcommand: return ExitStatus(Guardian.runChild(Array(words.dropFirst())))
    case "__fault":
      guard let fault = Fault(arguments: Array(words.dropFirst())) else { return .usage }
      return ExitStatus(FaultBody.run(fault))
    case "cyclictest": return MeasureCommand.run(Array(words.dropFirst()), dialect: .cyclictest)
    case "measure": return MeasureCommand.run(Array(words.dropFirst()), dialect: .breaktrace)
    case "help" where words.count > 1: return help(words[1], words)
    case "--help", "help", nil: return RootCommand.help()
    case let word? where RootCommand.names.contains(word): return RootCommand.run(words)
    case let word? where !word.hasPrefix("-"):
      Console.error("breaktrace: \(word): unknown command; see `breaktrace --help`")
      return .usage
    default: return MeasureCommand.run(words, dialect: .breaktrace)
    }
  }

  /// `breaktrace help WORD`
  private static func help(_ word: String, _ words: [String]) -> ExitStatus {
    switch word {
    case "man":
      Console.output(ManualPage.text)
      return .success
    case "measure": return MeasureCommand.run(["--help"], dialect: .breaktrace)
    case "cyclictest": return MeasureCommand.run(["--help"], dialect: .cyclictest)
    case let command where RootCommand.names.contains(command):
      return RootCommand.run([command, "--help"])
    default:
      Console.error(
        "breaktrace: \(word): unknown command; see `breaktrace --help`")
      return .usage
    }
  }

  private static func exit(with status: ExitStatus) -> Never {
    Console.flush()
    // A report that is not there must not look like one.
    if let error = Console.outputError {
      Console.error("breaktrace: cannot write standard output: \(error)")
      Exit.now(max(status.code, ExitStatus.failure.code))
    }
    Exit.now(status.code)
  }
}
