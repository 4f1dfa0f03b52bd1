import Foundation
import Testing

@testable import breaktrace

@Suite struct ManualTests {
  @Test func `the manual page has every option and every command`() {
    let page = ManualPage.text
    for row in OptionTable.rows {
      #expect(page.contains("Fl \\-\(row.long)"), "--\(row.long)")
    }
    for name in RootCommand.names {
      #expect(page.contains("\n.Ss breaktrace \(name)\n"), "\(name)")
    }
    #expect(page.split(separator: "\n").allSatisfy { $0.utf8.count <= 160 })
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc"), "needs mandoc"))
  func `mandoc finds nothing to complain of in the manual page`() throws {
    let outcome = try BuiltCommand.run(
      ["-T", "lint", "-W", "warning"], program: "/usr/bin/mandoc", input: ManualPage.text)
    #expect(outcome.output == "")
    #expect(outcome.error == "")
    #expect(outcome.status == 0)
  }

  @Test func `bash completes commands, options and values`() throws {
    let directory = try BuiltCommand.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data(CompletionScript.text(.bash).utf8).write(to: directory.appending(path: "c"))
    func complete(_ words: String...) throws -> [Substring] {
      let script =
        ". ./c; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); _breaktrace; echo \"${COMPREPLY[@]}\""
      let outcome = try BuiltCommand.run(
        ["-c", script, "bash"] + words, program: "/bin/bash", in: directory)
      #expect(outcome.error == "")
      return outcome.output.split { $0 == " " || $0 == "\n" }
    }
    #expect(try complete("breaktrace", "pl") == ["plan", "plot"])
    #expect(try complete("breaktrace", "--brea") == ["--breaktrace"])
    #expect(try complete("breaktrace", "--policy", "f") == ["fifo"])
    #expect(try complete("breaktrace", "-S", "--format", "") == ["text", "markdown", "json"])
    #expect(try complete("breaktrace", "plot", "--log") == ["--log-x"])
    #expect(try complete("breaktrace", "cyclictest", "--spike") == ["--spike", "--spike-nodes"])
    #expect(try complete("breaktrace", "completion", "z") == ["zsh"])
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/zsh"), "needs zsh"))
  func `zsh reads its completions`() throws {
    let directory = try BuiltCommand.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data(CompletionScript.text(.zsh).utf8).write(to: directory.appending(path: "_breaktrace"))
    let outcome = try BuiltCommand.run(
      ["-n", "_breaktrace"], program: "/usr/bin/zsh", in: directory)
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
  }

  @Test func `every option is in the completions of fish`() {
    let script = CompletionScript.text(.fish)
    for row in OptionTable.rows where !CyclictestOptions.unsupported.contains(row.name) {
      #expect(script.contains("-l \(row.long) "), "--\(row.long)")
    }
  }

  @Test(
    .enabled(if: BuiltCommand.isUsable, "needs the built executable"),
    arguments: RootCommand.names.sorted())
  func `each command has help with examples and its exit status`(name: String) throws {
    let outcome = try BuiltCommand.run([name, "--help"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: breaktrace \(name)"))
    #expect(try BuiltCommand.run([name, "--no-such-option"]).status == 64)
    #expect(outcome.output.contains("Examples:"))
    #expect(outcome.output.contains("Exit status: \(name == "run" ? "that of the command" : "0")"))
  }
}
