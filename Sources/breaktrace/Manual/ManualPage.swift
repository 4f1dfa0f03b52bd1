/// The manual page in mdoc(7), made from the option table and the commands.
enum ManualPage {
  /// The page `breaktrace(1)`.
  static var text: String {
    var lines = [
      ".\\\" Made by `breaktrace help man` from the tables that parse the command line.",
      ".Dd $Mdocdate$", ".Dt BREAKTRACE 1", ".Os", ".Sh NAME", ".Nm breaktrace ,", ".Nm cyclictest",
      ".Nd measure wakeup latency and report the cause of a spike", ".Sh SYNOPSIS",
      ".Nm breaktrace",
      ".Op Cm measure", ".Op Ar option ...", ".Nm breaktrace", ".Cm cyclictest",
      ".Op Ar option ...", ".Nm breaktrace", ".Ar command", ".Op Ar argument ...",
      ".Sh DESCRIPTION",
      "Measuring threads sleep until a timer expires and then read the clock.",
      "The difference is the wakeup latency.",
      "With", ".Fl b ,",
      "the kernel traces meanwhile.",
      "A latency above the threshold stops tracing,",
      "and the events before it are decoded and explained.", ".Pp",
      "When called as", ".Nm cyclictest",
      "or as", ".Nm breaktrace Cm cyclictest ,",
      "it has the options, output and exit status of cyclictest 0.85 and 2.x.", ".Pp",
      "Letters can be combined",
      ".Pq Fl Sp99 No is Fl S p Ar 99 .",
      "breaktrace prints how it read them.",
      "An argument in brackets is optional.",
      "The next word is used as the argument only if it is a number or a set of CPUs.",
    ]
    for group in OptionSpec.Group.allCases {
      lines.append(".Ss " + escaped(group.rawValue))
      lines.append(".Bl -tag -width Ds")
      for row in OptionTable.rows where row.group == group { lines += entry(row) }
      lines.append(".El")
    }
    lines.append(".Sh COMMANDS")
    for command in CommandDescription.all { lines += section(command) }
    lines += status
    lines += examples
    lines += [
      ".Sh SEE ALSO", ".Xr clock_nanosleep 2 ,", ".Xr sched_setscheduler 2 ,", ".Xr sched 7",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func entry(_ row: OptionSpec) -> [String] {
    let long = "Fl \\-" + escaped(row.long)
    let item: String
    switch row.argument {
    case .none:
      item = ".It " + (row.short.map { "Fl \($0) , " } ?? "") + long
    case .required:
      item =
        ".It " + (row.short.map { "Fl \($0) Ar \(row.metavar) , " } ?? "") + long
        + " Ns = Ns Ar \(row.metavar)"
    case .optional:
      item =
        ".It " + (row.short.map { "Fl \($0) Oo Ar \(row.metavar) Oc , " } ?? "") + long
        + " Ns Op = Ns Ar \(row.metavar)"
    }
    var text = row.help
    if CyclictestOptions.unsupported.contains(row.name) { text += " Not supported yet." }
    if !row.dialects.contains(.cyclictest) { text += " Not available in cyclictest." }
    return [item] + sentences(text)
  }

  private static func section(_ command: CommandDescription) -> [String] {
    var synopsis = ".Cm " + escaped(command.commandName)
    if !command.options.isEmpty { synopsis += " Oo Ar option ... Oc" }
    for argument in command.positionals {
      let name = escaped(argument.valueName ?? "word") + (argument.isRepeating ? " ..." : "")
      synopsis += argument.isOptional ? " Oo Ar \(name) Oc" : " Ar \(name)"
    }
    var lines = [
      ".Ss breaktrace " + escaped(command.commandName), ".Nm breaktrace", synopsis, ".Pp",
    ]
    lines += sentences(command.abstract ?? "")
    lines += discussion(command.discussion ?? "")
    let described = command.options.filter { $0.abstract != nil }
    guard !described.isEmpty else { return lines }
    lines.append(".Bl -tag -width Ds")
    for option in described {
      let names = option.spellings.map { name in
        let flag = name.dropFirst()
        let body =
          flag.hasPrefix("-") ? "\\-" + escaped(String(flag.dropFirst())) : escaped(String(flag))
        return "Fl " + body
          + (option.takesValue ? " Ar \(escaped(option.valueName ?? "value"))" : "")
      }
      lines.append(".It " + names.joined(separator: " , "))
      var text = option.abstract ?? ""
      if option.takesValue, let value = option.defaultValue, !value.isEmpty {
        text += " The default is \(value)."
      }
      lines += sentences(text)
    }
    return lines + [".El"]
  }

  /// Paragraphs, and examples and tables (indented) as they are.
  private static func discussion(_ text: String) -> [String] {
    var lines: [String] = []
    var isLiteral = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let indented = line.hasPrefix("  ")
      if indented != isLiteral, !line.isEmpty || isLiteral {
        if isLiteral { lines.append(".Ed") }
        if indented { lines.append(".Bd -literal -offset indent") }
        isLiteral = indented
      }
      if indented {
        lines.append(literal(String(line.dropFirst(2))))
      } else if line.isEmpty {
        continue
      } else {
        lines.append(".Pp")
        lines += sentences(String(line))
      }
    }
    if isLiteral { lines.append(".Ed") }
    return lines
  }

  private static let status: [String] = {
    let meanings = [
      (0, "Finished, no latency above the threshold."), (1, "An error."),
      (2, "A latency was above the threshold."),
      (3, "Cannot measure or arm tracing as requested."),
      (4, "As 2, but the trace of the window is incomplete."),
      (64, "Invalid command line."),
    ]
    return [".Sh EXIT STATUS", ".Bl -tag -width Ds"]
      + meanings.flatMap { [".It \($0.0)", $0.1] }
      + [
        ".El", "When called as", ".Nm cyclictest ,",
        "the status is 0 instead of 2 and 4, and 1 for every error.",
        "Other commands list their exit status above.",
      ]
  }()

  private static var examples: [String] {
    [".Sh EXAMPLES"]
      + OptionHelp.examples(.breaktrace).flatMap { example in
        [escaped(example.meaning), ".Pp", ".Dl " + literal(example.line), ".Pp"]
      }.dropLast()
  }

  /// One line a sentence, as mdoc wants it.
  private static func sentences(_ text: String) -> [String] {
    var lines: [String] = []
    var line: [Substring] = []
    for word in text.split(separator: " ") {
      line.append(word)
      if let end = word.last, ".!?".contains(end) {
        lines += wrapped(line)
        line = []
      }
    }
    return lines + wrapped(line)
  }

  /// A sentence in lines of at most 76 characters.
  private static func wrapped(_ words: [Substring]) -> [String] {
    var lines: [String] = []
    for word in words {
      if let last = lines.last, last.count + 1 + word.count <= 76 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.map(escaped)
  }

  /// Text as roff needs it: no request at the start of a line, hyphens of options kept.
  private static func escaped(_ text: String) -> String {
    let body = literalCharacters(text)
    return body.hasPrefix(".") || body.hasPrefix("'") ? "\\&" + body : body
  }

  private static func literal(_ text: String) -> String {
    let body = literalCharacters(text).map { $0 == "-" ? "\\-" : String($0) }.joined()
    return body.hasPrefix(".") || body.hasPrefix("'") ? "\\&" + body : body
  }

  private static func literalCharacters(_ text: String) -> String {
    text.map { character in
      switch character {
      case "\\": "\\e"
      case "`": "\\(ga"
      case "~": "\\(ti"
      case "^": "\\(ha"
      default: String(character)
      }
    }.joined()
  }
}
