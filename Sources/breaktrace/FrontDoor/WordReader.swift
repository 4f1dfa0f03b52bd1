/// Walks over the words of a command line and applies them one after the other.
struct WordReader {
  private let words: [String]
  private let dialect: Dialect
  private let rows: [OptionSpec]
  private var next = 0
  private var options: CyclictestOptions

  /// One option of a cluster with the text that is attached to it.
  private struct Part {
    var row: OptionSpec
    var attached: String?
    /// As it would be written on its own.
    var text: String { attached.map { "\(row.label) \($0.drop { $0 == " " })" } ?? row.label }
  }

  /// Makes a reader of `words`.
  init(_ words: [String], dialect: Dialect, base: CyclictestOptions) {
    self.words = words
    self.dialect = dialect
    self.rows = OptionTable.rows(of: dialect)
    self.options = base
  }

  /// Reads all words and settles what they say together.
  mutating func read() throws(UsageError) -> CyclictestOptions {
    var optionsEnded = false
    while next < words.count {
      let word = words[next]
      next += 1
      if optionsEnded || !word.hasPrefix("-") || word == "-" {
        try stray(word)
      } else if word == "--" {
        optionsEnded = true
      } else if word.hasPrefix("--") {
        try long(word)
      } else {
        try cluster(word)
      }
      if options.action != .run { return options }
    }
    try options.settle(dialect)
    return options
  }

  /// What to do about a word that is not known.
  private static let seeHelp = "see --help for the options"

  /// Refuses a word that is not an option's argument; cyclictest ignores it.
  private mutating func stray(_ word: String) throws(UsageError) {
    guard dialect == .cyclictest else {
      throw UsageError(word, "unexpected argument", hint: Self.seeHelp)
    }
    options.notes.append("\(word): unexpected argument; ignored, as cyclictest does")
  }

  // MARK: Long names

  private mutating func long(_ word: String) throws(UsageError) {
    let body = word.dropFirst(2)
    let equals = body.firstIndex(of: "=")
    let name = String(equals.map { body[..<$0] } ?? body)
    let inline = equals.map { String(body[body.index(after: $0)...]) }
    let row = try row(longName: name)
    let label = "--\(row.long)"
    switch row.argument {
    case .none:
      guard inline == nil else { throw UsageError(label, "takes no argument") }
      try options.apply(row.name, .none)
    case .required(let kind):
      let text: String
      if let inline { text = inline } else { text = try nextWord(for: row, label: label) }
      try options.apply(row.name, try OptionValue(text, as: kind, label: label))
    case .optional(let kind):
      guard let text = inline ?? nextWord(ifLike: kind) else {
        try options.apply(row.name, .none)
        return
      }
      try options.apply(row.name, try OptionValue(text, as: kind, label: label))
    }
  }

  /// The row of a long name, spelled out or begun.
  ///
  /// Beginnings are looked for among the names of 2.x first, then of 0.85, then among ours: a
  /// beginning that was clear to cyclictest stays clear.
  private func row(longName name: String) throws(UsageError) -> OptionSpec {
    if let row = rows.first(where: { $0.longNames.contains(name) }) { return row }
    let tiers: [Set<OptionSpec.Era>] = [[.always, .later], [.dropped], [.own]]
    for tier in name.isEmpty ? [] : tiers {
      let found = rows.filter { row in
        tier.contains(row.era) && row.longNames.contains { $0.hasPrefix(name) }
      }
      if found.count == 1, let row = found.first { return row }
      if found.count > 1 {
        let names = found.map { "--\($0.long)" }.alternatives
        throw UsageError("--\(name)", "ambiguous option", hint: "it could be \(names)")
      }
    }
    throw UsageError("--\(name)", "unknown option", hint: Self.seeHelp)
  }

  // MARK: Letters

  private mutating func cluster(_ word: String) throws(UsageError) {
    let letters = String(word.dropFirst())
    var parts = try split(letters)
    // The last one may take the next word; the others cannot.
    if let last = parts.indices.last, parts[last].attached == nil {
      let row = parts[last].row
      switch row.argument {
      case .none: break
      case .required:
        if next < words.count {
          parts[last].attached = words[next]
          next += 1
        }
      case .optional(let kind): parts[last].attached = nextWord(ifLike: kind)
      }
    }
    let expansion = parts.map(\.text).joined(separator: " ")
    if rows.contains(where: { $0.longNames.contains(letters) }) {
      throw UsageError(
        word, "read as \(expansion), not as --\(letters)",
        hint: "write --\(letters), or separate the letters")
    }
    do {
      for part in parts { try apply(part) }
    } catch {
      guard parts.count > 1 else { throw error }
      throw UsageError("\(word) (read as \(expansion))", "\(error)")
    }
    if parts.count > 1, dialect == .breaktrace {
      options.notes.append("\(word) = \(expansion)")
    }
  }

  /// Cuts a cluster into options; nothing is applied.
  private func split(_ letters: String) throws(UsageError) -> [Part] {
    var parts: [Part] = []
    var rest = Substring(letters)
    while let letter = rest.popFirst() {
      guard let row = rows.first(where: { $0.short == letter }) else {
        let before = parts.map(\.text).joined(separator: " ")
        throw UsageError(
          "-\(letter)",
          "unknown option" + (parts.isEmpty ? "" : " (in -\(letters), after \(before))"),
          hint: Self.seeHelp)
      }
      var part = Part(row: row)
      switch row.argument {
      case .none: break
      case .required: if !rest.isEmpty { part.attached = String(rest) }
      // A cluster continues after a letter whose argument is optional: `-ant` is -a -n -t.
      case .optional(let kind):
        if kind.looksLikeValue(rest) { part.attached = String(rest) }
      }
      parts.append(part)
      if part.attached != nil { break }
    }
    return parts
  }

  private mutating func apply(_ part: Part) throws(UsageError) {
    switch part.row.argument {
    case .none: try options.apply(part.row.name, .none)
    case .required(let kind):
      guard let text = part.attached else { throw Self.missing(part.row, part.row.label) }
      try Self.checkNotOption(text, kind, part.row.label)
      try options.apply(
        part.row.name, try OptionValue(text, as: kind, label: part.row.label))
    case .optional(let kind):
      let value = try part.attached.map { text throws(UsageError) in
        try OptionValue(text, as: kind, label: part.row.label)
      }
      try options.apply(part.row.name, value ?? .none)
    }
  }

  // MARK: Arguments

  private mutating func nextWord(for row: OptionSpec, label: String) throws(UsageError) -> String {
    guard next < words.count, case .required(let kind) = row.argument else {
      throw Self.missing(row, label)
    }
    let word = words[next]
    next += 1
    try Self.checkNotOption(word, kind, label)
    return word
  }

  private mutating func nextWord(ifLike kind: ValueKind) -> String? {
    guard next < words.count, !words[next].hasPrefix("="), kind.looksLikeValue(words[next]) else {
      return nil
    }
    next += 1
    return words[next - 1]
  }

  private static func missing(_ row: OptionSpec, _ label: String) -> UsageError {
    UsageError(label, "requires an argument (\(row.metavar))")
  }

  /// getopt would take an option for a file name: `--json -q` writes to a file called `-q`.
  private static func checkNotOption(_ text: String, _ kind: ValueKind, _ label: String)
    throws(UsageError)
  {
    guard kind == .path, text.hasPrefix("-") else { return }
    throw UsageError(label, "'\(text)' looks like an option", hint: "write ./\(text) for a file")
  }
}
