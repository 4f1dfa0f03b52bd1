import ArgumentParser
import FoundationEssentials

/// A command as ArgumentParser describes it: the source of its manual section and completions.
struct CommandDescription: Decodable {
  /// One argument, option or flag.
  struct Argument: Decodable {
    /// A spelling of an option.
    struct Name: Decodable {
      var kind: String
      var name: String

      /// As it is written on the command line.
      var text: String { (kind == "long" ? "--" : "-") + name }
    }

    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var defaultValue: String?

    /// Whether a value follows.
    var takesValue: Bool { kind == "option" }

    /// The spellings.
    var spellings: [String] { (names ?? []).map(\.text) }
  }

  var commandName: String
  var abstract: String?
  var discussion: String?
  var arguments: [Argument]?

  private struct Dump: Decodable {
    var command: CommandDescription
  }

  /// The description of a command; nil where ArgumentParser writes something else.
  init?(_ command: any ParsableCommand.Type) {
    let data = Data(command._dumpHelp().utf8)
    guard let dump = try? JSONDecoder().decode(Dump.self, from: data) else { return nil }
    self = dump.command
  }

  /// Options that are shown, `--help` left out.
  var options: [Argument] {
    (arguments ?? []).filter {
      $0.shouldDisplay && $0.kind != "positional" && !$0.spellings.contains("--help")
        && !$0.spellings.contains("--version")
    }
  }

  /// Positional arguments.
  var positionals: [Argument] {
    (arguments ?? []).filter { $0.shouldDisplay && $0.kind == "positional" }
  }

  /// The commands beside measuring, by name.
  static var all: [CommandDescription] {
    RootCommand.configuration.subcommands.compactMap { CommandDescription($0) }
      .filter { !$0.commandName.hasPrefix("_") }
  }
}
