/// One row of the option table: everything that parsing, help, man page and completions need.
struct OptionSpec: Hashable, Sendable {
  /// Whether an option takes an argument.
  enum Argument: Hashable, Sendable {
    /// It takes none.
    case none
    /// It needs one, attached or as the next word.
    case required(ValueKind)
    /// It takes one that is attached, or a next word that looks like a value.
    case optional(ValueKind)
  }

  /// Which cyclictest knows the option.
  enum Era: Hashable, Sendable, CaseIterable {
    /// 0.85 and 2.x.
    case always
    /// 0.85; 2.x dropped it.
    case dropped
    /// 2.x; 0.85 does not know it.
    case later
    /// None: the option is ours.
    case own
  }

  /// The heading of a group of options in the help text.
  enum Group: String, Hashable, Sendable, CaseIterable {
    case threads = "Threads and timing"
    case system = "System settings"
    case results = "Results"
    case trace = "Threshold and tracing"
    case command = "General"
  }

  /// The option's identity.
  var name: OptionName
  /// The letter, nil for a long-only option.
  var short: Character?
  /// Other long names that mean the same, taken when spelled out.
  var aliases: [String]
  /// Its argument.
  var argument: Argument
  /// The argument's name in the help text, empty where there is none.
  var metavar: String
  /// The help text: one sentence or two, no line ends.
  var help: String
  /// Its group in the help text.
  var group: Group
  /// Who else knows it.
  var era: Era
  /// The dialects that take it.
  var dialects: Set<Dialect>

  /// Makes a row; without `dialects` both take it.
  init(
    _ name: OptionName, _ short: Character? = nil, aliases: [String] = [],
    _ argument: Argument = .none, _ metavar: String = "", era: Era, group: Group,
    dialects: Set<Dialect> = [.breaktrace, .cyclictest], _ help: String
  ) {
    self.name = name
    self.short = short
    self.aliases = aliases
    self.argument = argument
    self.metavar = metavar
    self.help = help
    self.group = group
    self.era = era
    self.dialects = dialects
  }

  /// The canonical long name, without dashes.
  var long: String { name.rawValue }

  /// Every long name, the canonical one first.
  var longNames: [String] { [long] + aliases }

  /// The shortest way to write the option: `-p`, or `--json`.
  var label: String { short.map { "-\($0)" } ?? "--\(long)" }

  /// Letter and long name with the argument's name: `-p, --priority=PRIO`.
  var synopsis: String {
    let head = short.map { "-\($0), " } ?? "    "
    switch argument {
    case .none: return head + "--\(long)"
    case .required: return head + "--\(long)=\(metavar)"
    case .optional: return head + "--\(long)[=\(metavar)]"
    }
  }
}
