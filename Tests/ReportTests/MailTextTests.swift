import Report
import Testing

@Suite struct MailTextTests {
  @Test(arguments: SpikeExamples.names)
  func `every line but those of the trace keeps within 76 columns`(name: String) {
    let report = SpikeExamples.report(name)
    var free: Set<String> = []
    for section in report.document.sections {
      for case .preformatted(let lines) in section.blocks { free.formUnion(lines) }
    }
    var wide = 0
    for line in report.text.split(separator: "\n").map(String.init) where line.count > 76 {
      wide += 1
      #expect(free.contains(line), "\(line.count) columns: \(line)")
    }
    #expect(wide > 0, "no line of the trace is wide: the rule is not exercised")
  }

  @Test func `no line ends in a blank and no character is hidden`() {
    let text = SpikeExamples.report("hypervisor").text
    #expect(!text.split(separator: "\n").contains { $0.hasSuffix(" ") })
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 })
  }

  @Test func `a word longer than the line is cut, and nothing of it is lost`() {
    let word = String(repeating: "abcdefghij", count: 20)
    let text = MailText.render(
      Document(subject: "s", headline: "h", sections: [.init("T", [.paragraph("x \(word) y")])]))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 76 })
    let joined = text.split(separator: "\n").dropFirst(4).joined()
    #expect(joined == "x\(word) y")
  }

  @Test func `columns are aligned and the last one is wrapped below itself`() {
    let table = Document.Table(
      columns: [.init("n", .right), .init("text")],
      rows: [["1", String(repeating: "word ", count: 30)], ["100", "b"]], total: ["101", "sum"])
    let lines = MailText.render(
      Document(subject: "s", headline: "h", sections: [.init("T", [.table(table)])])
    ).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.contains("    n  text"))
    #expect(lines.contains { $0.hasPrefix("    1  word word") })
    #expect(lines.contains { $0.hasPrefix("       word") })
    #expect(lines.contains("  100  b"))
    #expect(lines.contains("  101  sum"))
  }

  @Test(arguments: [
    ("a\nb", "a\\x0ab"), ("\u{1b}[0m", "\\x1b[0m"), ("\u{202e}x", "\\u{202e}x"),
    ("täsk", "täsk"), ("\u{fffd}", "\u{fffd}"),
  ])
  func `control and format characters are shown as code points`(text: String, shown: String) {
    let rendered = MailText.render(Document(subject: text, headline: "h", sections: []))
    #expect(rendered.hasPrefix("Subject: \(shown)\n"))
  }

  @Test func `Markdown escapes what would be markup`() {
    let document = Document(
      subject: "a|b_c*<d>", headline: "`x`",
      sections: [.init("T", [.preformatted(["```", "| raw |"])])])
    let text = MarkdownText.render(document)
    #expect(text.contains("# a\\|b\\_c\\*\\<d\\>"))
    #expect(text.contains("````\n```\n| raw |\n````"))
  }
}
