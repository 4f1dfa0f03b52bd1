import ArgumentParser

/// `breaktrace completion`
struct CompletionCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the completion script for a shell.",
    discussion: """
      Examples:
        breaktrace completion bash >/etc/bash_completion.d/breaktrace
        breaktrace completion zsh >/usr/local/share/zsh/site-functions/_breaktrace
        breaktrace completion fish >~/.config/fish/completions/breaktrace.fish

      Exit status: 0: success; 64: unknown shell.
      """)

  @Argument(help: "Name of the shell: bash, zsh or fish.")
  var shell: String

  mutating func status() -> ExitStatus {
    guard let shell = CompletionScript.Shell(rawValue: shell) else {
      Console.error(
        "breaktrace: completion: invalid argument '\(shell)': expected bash, zsh or fish")
      return .usage
    }
    Console.output(CompletionScript.text(shell))
    return .success
  }
}
