import ArgumentParser

/// `breaktrace completion`
struct CompletionCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Prints completions for a shell.",
    discussion: """
      Examples:
        breaktrace completion bash >/etc/bash_completion.d/breaktrace
        breaktrace completion zsh >/usr/local/share/zsh/site-functions/_breaktrace
        breaktrace completion fish >~/.config/fish/completions/breaktrace.fish

      Exit status: 0, or 64 for another word.
      """)

  @Argument(help: "bash, zsh or fish.")
  var shell: String

  mutating func status() -> ExitStatus {
    guard let shell = CompletionScript.Shell(rawValue: shell) else {
      Console.error("breaktrace: completion: `\(shell)` is not bash, zsh or fish")
      return .usage
    }
    Console.output(CompletionScript.text(shell))
    return .success
  }
}
