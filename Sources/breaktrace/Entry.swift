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
    case "--help", "help", nil: return RootCommand.help()
    case let word? where RootCommand.names.contains(word): return RootCommand.run(words)
    case let word? where !word.hasPrefix("-"):
      Console.error("breaktrace: there is no command `\(word)`; `breaktrace --help` lists them")
      return .usage
    default: return MeasureCommand.run(words, dialect: .breaktrace)
    }
  }

  private static func exit(with status: ExitStatus) -> Never {
    Console.flush()
    Exit.now(status.code)
  }
}
