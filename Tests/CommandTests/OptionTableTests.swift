import Testing

@testable import breaktrace

@Suite struct OptionTableTests {
  @Test func `has one row for each option`() {
    for name in OptionName.allCases {
      #expect(OptionTable.rows.filter { $0.name == name }.count == 1, "--\(name.rawValue)")
    }
  }

  @Test func `gives no letter and no long name twice`() {
    let letters = OptionTable.rows.compactMap(\.short)
    #expect(Set(letters).count == letters.count)
    let names = OptionTable.rows.flatMap(\.longNames)
    #expect(Set(names).count == names.count)
  }

  @Test func `has every letter of cyclictest 0 85 and 2 x`() {
    // The optstring of 0.85 with its later siblings, and that of 2.4.
    let classic = "abBcCdDeEfghHiIlmMnNoOpPqQrRsStTuUvwWXy"
    let modern = "aAbcdDFhHilMNopmqrRsStuvx"
    let letters = Set(OptionTable.rows.compactMap(\.short))
    #expect(Set(classic).union(modern).subtracting(letters).isEmpty)
  }

  @Test func `names the argument of each option that takes one`() {
    for row in OptionTable.rows {
      #expect((row.argument == .none) == row.metavar.isEmpty, "--\(row.long)")
      #expect(row.help.hasSuffix("."), "--\(row.long)")
    }
  }

  @Test(arguments: Dialect.allCases)
  func `help lists every option of the dialect within 80 columns`(dialect: Dialect) {
    let text = OptionHelp.text(dialect)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for row in OptionTable.rows {
      let listed = lines.contains { $0.hasPrefix("  " + row.synopsis) }
      #expect(listed == row.dialects.contains(dialect), "--\(row.long)")
    }
    #expect(lines.filter { $0.count > 80 } == [])
  }

  @Test func `help marks each option that is refused so far`() {
    // The words may be parted by the line's end: count them without blanks.
    let text = OptionHelp.text(.breaktrace).filter { !$0.isWhitespace }
    let marks = text.split(separator: "Notinthisversionyet.", omittingEmptySubsequences: false)
    #expect(marks.count - 1 == CyclictestOptions.unsupported.count)
  }

  @Test(arguments: Dialect.allCases)
  func `every example of the help text is accepted`(dialect: Dialect) throws {
    let examples = OptionHelp.examples(dialect)
    #expect(!examples.isEmpty)
    for example in examples {
      let words = example.line.split(separator: " ").dropFirst().map(String.init)
      let options = try CyclictestArguments.parse(words, dialect: dialect)
      #expect(options.given.count > 1, "\(example.line)")
    }
  }

  @Test func `what has no effect yet is refused by name`() throws {
    let options = try CyclictestArguments.parse(["-S", "-q", "-b", "9", "--spike=5", "-C", "-I"])
    #expect(options.withoutEffect == options.given.filter(CyclictestOptions.unsupported.contains))
    var left = options
    left.given = [.smp, .quiet]
    #expect(throws: Never.self) { try left.refuseUnsupported() }
    left.given = Array(CyclictestOptions.unsupported.prefix(1)) + [.smp]
    if let name = left.withoutEffect.first, let row = OptionTable.row(name) {
      let error = #expect(throws: UsageError.self) { try left.refuseUnsupported() }
      #expect(error?.subject == row.label)
    }
  }
}
