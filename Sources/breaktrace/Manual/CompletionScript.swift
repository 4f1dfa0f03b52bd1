/// Shell completions, made from the option table and the commands.
enum CompletionScript {
  /// The shells.
  enum Shell: String, CaseIterable {
    case bash, zsh, fish
  }

  /// The script for a shell.
  static func text(_ shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  // MARK: what there is

  private static func spellings(_ row: OptionSpec) -> [String] {
    (row.short.map { ["-\($0)"] } ?? []) + ["--\(row.long)"]
  }

  private static func measuring(_ dialect: Dialect) -> [OptionSpec] {
    OptionTable.rows(of: dialect).filter { !CyclictestOptions.unsupported.contains($0.name) }
  }

  /// The words that can be an option's argument; nil where files can, empty where nothing is known.
  private static func words(_ row: OptionSpec) -> [String]? {
    let kind: ValueKind
    switch row.argument {
    case .none: return []
    case .required(let value), .optional(let value): kind = value
    }
    switch kind {
    case .path: return nil
    case .policy: return ["other", "batch", "idle", "fifo", "rr"]
    case .choice(let words): return words
    default: return []
    }
  }

  private static var commandNames: [(name: String, abstract: String)] {
    [
      ("measure", "Measure wakeup latency (default command)."),
      ("cyclictest", "Like measure, with cyclictest's options, output and exit status."),
    ] + CommandDescription.all.map { ($0.commandName, $0.abstract ?? "") }
      + [("help", "Print the help text, or the manual page with man.")]
  }

  private static func needsValue(_ row: OptionSpec) -> Bool {
    if case .required = row.argument { true } else { false }
  }

  // MARK: bash

  private static var bash: String {
    func cases(_ rows: [OptionSpec]) -> String {
      rows.filter(needsValue).map { row in
        let reply =
          words(row).map { "COMPREPLY=($(compgen -W '\($0.joined(separator: " "))' -- \"$cur\"))" }
          ?? "COMPREPLY=($(compgen -f -- \"$cur\"))"
        return "      \(spellings(row).joined(separator: "|"))) \(reply); return ;;"
      }.joined(separator: "\n")
    }
    let own = measuring(.breaktrace)
    let theirs = measuring(.cyclictest)
    let commands = CommandDescription.all.map { command in
      let flags = command.options.flatMap(\.spellings).joined(separator: " ")
      return "      \(command.commandName)) words='\(flags) --help' ;;"
    }.joined(separator: "\n")
    return """
      # bash completion for breaktrace; made by `breaktrace completion bash`.
      _breaktrace_measure() {
        local cur=$1 prev=$2
        case $prev in
      \(cases(own))
        esac
        COMPREPLY=($(compgen -W '\(own.flatMap(spellings).joined(separator: " "))' -- "$cur"))
      }
      _breaktrace_cyclictest() {
        local cur=${2-} prev=${3-}
        case $prev in
      \(cases(theirs))
        esac
        COMPREPLY=($(compgen -W '\(theirs.flatMap(spellings).joined(separator: " "))' -- "$cur"))
      }
      _breaktrace() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
        if [ "$COMP_CWORD" -eq 1 ] && [[ $cur != -* ]]; then
          COMPREPLY=($(compgen -W '\(commandNames.map(\.name).joined(separator: " "))' -- "$cur"))
          return
        fi
        case ${COMP_WORDS[1]} in
          cyclictest) _breaktrace_cyclictest '' "$cur" "$prev"; return ;;
          help) words='man' ;;
          completion) words='bash zsh fish' ;;
      \(commands.replacingCompletion())
          *) _breaktrace_measure "$cur" "$prev"; return ;;
        esac
        if [[ $cur == -* ]] || [ "${COMP_WORDS[1]}" = help ] || [ "${COMP_WORDS[1]}" = completion ]; then
          COMPREPLY=($(compgen -W "$words" -- "$cur"))
        else
          COMPREPLY=($(compgen -f -- "$cur"))
        fi
      }
      complete -F _breaktrace breaktrace
      complete -F _breaktrace_cyclictest cyclictest

      """
  }

  // MARK: zsh

  private static var zsh: String {
    func specs(_ rows: [OptionSpec]) -> String {
      rows.flatMap { row in
        spellings(row).map { name in
          let help = zshText(row.help)
          let value: String
          switch row.argument {
          case .none: value = ""
          case .required, .optional:
            let isOptional = if case .optional = row.argument { true } else { false }
            let action =
              words(row).map { $0.isEmpty ? "" : "(\($0.joined(separator: " ")))" } ?? "_files"
            value = "\(isOptional ? "::" : ":")\(row.metavar):\(action)"
          }
          return "      '*\(name)\(zshAssign(name, row))[\(help)]\(value)'"
        }
      }.joined(separator: " \\\n")
    }
    let commands = commandNames.map { "    '\($0.name):\(zshText($0.abstract))'" }
      .joined(separator: "\n")
    let cases = CommandDescription.all.filter { $0.commandName != "completion" }.map { command in
      let options = command.options.flatMap { option in
        option.spellings.map { name in
          let assign = option.takesValue ? (name.hasPrefix("--") ? "=" : "+") : ""
          let value = option.takesValue ? ":\(option.valueName ?? "value"):_files" : ""
          return "'\(name)\(assign)[\(zshText(option.abstract ?? ""))]\(value)'"
        }
      }
      return "    \(command.commandName)) _arguments "
        + (options + ["'*:file:_files'"]).joined(separator: " ") + " ;;"
    }.joined(separator: "\n")
    return """
      #compdef breaktrace cyclictest
      # zsh completion for breaktrace; made by `breaktrace completion zsh`.
      _breaktrace_measure() {
        _arguments -s \\
      \(specs(measuring(.breaktrace)))
      }
      _breaktrace_cyclictest() {
        _arguments -s \\
      \(specs(measuring(.cyclictest)))
      }
      _breaktrace() {
        if [[ $service == cyclictest ]]; then _breaktrace_cyclictest; return; fi
        local -a commands
        commands=(
      \(commands)
        )
        if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
          _describe command commands
          return
        fi
        local command=$words[2]
        case $command in
          cyclictest) shift words; (( CURRENT-- )); _breaktrace_cyclictest; return ;;
          -*) _breaktrace_measure; return ;;
        esac
        shift words; (( CURRENT-- ))
        case $command in
          help) compadd man ;;
          completion) compadd bash zsh fish ;;
      \(cases)
          *) _breaktrace_measure ;;
        esac
      }
      _breaktrace "$@"

      """
  }

  private static func zshAssign(_ name: String, _ row: OptionSpec) -> String {
    if case .none = row.argument { return "" }
    return name.hasPrefix("--") ? "=" : "+"
  }

  /// A text within brackets and single quotes of zsh.
  private static func zshText(_ text: String) -> String {
    text.map { character in
      switch character {
      case "'": "'\\''"
      case "[", "]", ":", "\\": "\\\(character)"
      default: String(character)
      }
    }.joined()
  }

  // MARK: fish

  private static var fish: String {
    var lines = ["# fish completion for breaktrace; made by `breaktrace completion fish`."]
    let names = commandNames.map(\.name).joined(separator: " ")
    for (name, abstract) in commandNames {
      lines.append(
        "complete -c breaktrace -n __fish_use_subcommand -a \(name) -d '\(fishText(abstract))'")
    }
    let isMeasuring = "not __fish_seen_subcommand_from \(names.fishWithoutMeasuring)"
    for row in measuring(.breaktrace) {
      lines.append("complete -c breaktrace -n '\(isMeasuring)' " + fishOption(row))
    }
    for row in measuring(.cyclictest) {
      lines.append("complete -c cyclictest " + fishOption(row))
    }
    for command in CommandDescription.all {
      for option in command.options {
        let flags = option.spellings.map { name in
          name.hasPrefix("--") ? "-l \(name.dropFirst(2))" : "-s \(name.dropFirst())"
        }.joined(separator: " ")
        lines.append(
          "complete -c breaktrace -n '__fish_seen_subcommand_from \(command.commandName)' "
            + "\(flags)\(option.takesValue ? " -r" : "") -d '\(fishText(option.abstract ?? ""))'")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fishOption(_ row: OptionSpec) -> String {
    var line = row.short.map { "-s \($0) " } ?? ""
    line += "-l \(row.long)"
    if needsValue(row) {
      let words = words(row)
      line += words == nil ? " -r" : " -x"
      if let words, !words.isEmpty { line += " -a '\(words.joined(separator: " "))'" }
    }
    return line + " -d '\(fishText(row.help))'"
  }

  private static func fishText(_ text: String) -> String {
    text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
  }
}

extension String {
  /// The cases of bash without those that are written by hand.
  fileprivate func replacingCompletion() -> String {
    split(separator: "\n").filter { !$0.hasPrefix("      completion)") }.joined(separator: "\n")
  }

  /// The commands that do not measure.
  fileprivate var fishWithoutMeasuring: String {
    split(separator: " ").filter { $0 != "measure" }.joined(separator: " ")
  }
}
