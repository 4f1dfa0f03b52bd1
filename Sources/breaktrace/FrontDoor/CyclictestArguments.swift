/// Reads a command line in cyclictest's notation.
enum CyclictestArguments {
  /// Reads the words after the command's name.
  ///
  /// Takes what getopt_long(3) takes: clusters of letters, attached arguments, `--name=value`,
  /// `--name value`, unambiguous beginnings of long names, `--`. Nothing is looked up in the
  /// system. `base` is what holds where the words say nothing. After `--help` or `--version` the
  /// rest is not looked at.
  static func parse(
    _ words: [String], dialect: Dialect = .breaktrace,
    startingFrom base: CyclictestOptions = CyclictestOptions()
  ) throws(UsageError) -> CyclictestOptions {
    var reader = WordReader(words, dialect: dialect, base: base)
    return try reader.read()
  }
}
