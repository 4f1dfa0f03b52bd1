/// The help text, made from the option table.
enum OptionHelp {
  /// Column at which explanations begin.
  private static let indent = 28
  /// The longest line.
  private static let width = 80

  /// Usage, all options of the dialect by group, and examples; ends with a line end.
  static func text(_ dialect: Dialect) -> String {
    var lines = [usage(dialect), ""]
    for group in OptionSpec.Group.allCases {
      let rows = OptionTable.rows(of: dialect).filter { $0.group == group }
      guard !rows.isEmpty else { continue }
      lines.append("\(group.rawValue):")
      for row in rows { lines += entry(row) }
      lines.append("")
    }
    lines.append("Examples:")
    for example in examples(dialect) {
      lines.append("  \(example.line)")
      lines.append("      \(example.meaning)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The first line.
  static func usage(_ dialect: Dialect) -> String {
    switch dialect {
    case .breaktrace: "Usage: breaktrace [measure] [OPTION]..."
    case .cyclictest: "Usage: cyclictest [OPTION]..."
    }
  }

  /// Command lines to start from, with what they do; every one of them is accepted by the parser.
  static func examples(_ dialect: Dialect) -> [(line: String, meaning: String)] {
    let name = dialect.command
    var examples = [
      (
        "\(name) -S -p 80 -i 1000 -D 10m -q",
        "Run one pinned FIFO thread per CPU for ten minutes and print a summary."
      ),
      (
        "\(name) -S -p 80 -b 100", "Stop at the first latency above 100 us and report its cause."
      ),
      (
        "\(name) -S -p 99 -i 200 -h 400 -q -l 1000000",
        "Print a histogram of 400 us in the format of cyclictest."
      ),
      ("\(name) -a 1-3 -t 3 -p 48 --policy=rr", "Run three RR threads, pinned to CPUs 1, 2 and 3."),
    ]
    if dialect == .breaktrace {
      examples.append(
        (
          "\(name) -S -p 80 -b 100 --spikes 5 --output /var/tmp",
          "Report five spikes, each with its bundle in /var/tmp."
        ))
    }
    return examples
  }

  private static func entry(_ row: OptionSpec) -> [String] {
    let head = "  " + row.synopsis
    let isRefused = CyclictestOptions.unsupported.contains(row.name)
    let help = row.help + (isRefused ? " Not supported yet." : "")
    let body = wrapped(help, to: width - indent)
    let pad = String(repeating: " ", count: indent)
    let startsBeside = head.count < indent - 1
    let first =
      startsBeside
      ? [head + String(repeating: " ", count: indent - head.count) + (body.first ?? "")] : [head]
    return first + body.dropFirst(startsBeside ? 1 : 0).map { pad + $0 }
  }

  private static func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
