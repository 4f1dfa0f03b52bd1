/// Every option there is: the single source of parsing, help, man page and completions.
enum OptionTable {
  /// All rows, group by group, in the order of the help text.
  static let rows: [OptionSpec] = threads + system + results + trace + command

  /// The rows that `dialect` takes.
  static func rows(of dialect: Dialect) -> [OptionSpec] {
    rows.filter { $0.dialects.contains(dialect) }
  }

  /// The row of an option.
  static func row(_ name: OptionName) -> OptionSpec? { rows.first { $0.name == name } }

  /// A number of us, as far as cyclictest's own `int` reaches.
  static let microseconds: ClosedRange<Int64> = 0...2_147_483_647
  /// The longest histogram, in buckets of 1 us.
  static let longestHistogram: Int64 = 1_000_000

  private static let command: [OptionSpec] = [
    OptionSpec(.help, era: .always, group: .command, "Print this text."),
    OptionSpec(.version, era: .own, group: .command, "Print the version."),
  ]
}
