/// Renders a document as plain text for a mail: no colour, prose within 76 columns.
public enum MailText {
  /// Columns that prose keeps within.
  public static let width = 76

  /// The document as text that ends with a line end.
  public static func render(_ document: Document) -> String {
    var lines = ["Subject: " + Printable.text(document.subject)]
    if !document.headline.isEmpty { lines += [""] + wrap(document.headline) }
    for block in document.lead { lines += [""] + render(block) }
    for section in document.sections {
      lines += ["", section.title, String(repeating: "-", count: section.title.count)]
      for (index, block) in section.blocks.enumerated() {
        if index > 0 { lines.append("") }
        lines += render(block)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func render(_ block: Document.Block) -> [String] {
    switch block {
    case .paragraph(let text): return wrap(text)
    case .preformatted(let lines): return lines.map(Printable.text)
    case .list(let texts): return texts.flatMap { wrap($0, first: "  * ", rest: "    ") }
    case .definitions(let items):
      let terms = items.map { Printable.text($0.term) }
      let longest = terms.map(\.count).max() ?? 0
      return zip(terms, items).flatMap { term, item in
        wrap(
          item.text, first: "  " + pad(term, to: longest) + "  ",
          rest: String(repeating: " ", count: longest + 4))
      }
    case .table(let table): return render(table)
    }
  }

  private static func render(_ table: Document.Table) -> [String] {
    let body = (table.rows + (table.total.map { [$0] } ?? [])).map { $0.map(Printable.text) }
    let all = [table.columns.map(\.title)] + body
    var widths: [Int] = []
    for index in table.columns.indices {
      widths.append(all.map { index < $0.count ? $0[index].count : 0 }.max() ?? 0)
    }
    func line(_ row: [String]) -> [String] {
      var text = "  "
      for (index, column) in table.columns.enumerated() {
        let cell = index < row.count ? row[index] : ""
        if index == table.columns.count - 1, column.alignment == .left {
          return wrap(
            cell, first: text, rest: String(repeating: " ", count: text.count), keepEmpty: true)
        }
        text += pad(cell, to: widths[index], right: column.alignment == .right)
        if index < table.columns.count - 1 { text += "  " }
      }
      return [trimmed(text)]
    }
    var lines = line(table.columns.map(\.title))
    lines += table.rows.flatMap { line($0.map(Printable.text)) }
    if let total = table.total { lines += line(total.map(Printable.text)) }
    return lines
  }

  /// Wraps at blanks; a word longer than the line is cut.
  private static func wrap(
    _ text: String, first: String = "", rest: String = "", keepEmpty: Bool = false
  ) -> [String] {
    var lines: [String] = []
    var line = first
    var isFresh = true
    for word in words(Printable.text(text)) {
      var word = word[...]
      if !isFresh, line.count + 1 + word.count > width {
        lines.append(trimmed(line))
        line = rest
        isFresh = true
      }
      while isFresh, line.count + word.count > width, line.count < width {
        let part = word.prefix(width - line.count)
        word = word.dropFirst(part.count)
        lines.append(line + part)
        line = rest
      }
      line += (isFresh ? "" : " ") + word
      isFresh = false
    }
    if !isFresh || keepEmpty || lines.isEmpty { lines.append(trimmed(line)) }
    return lines
  }

  /// The words of a text; a unit is not parted from its number.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    for word in text.split(separator: " ") {
      let isUnit = ["%", "us", "ms", "ns", "s"].contains(word.prefix { $0.isLetter || $0 == "%" })
      if isUnit, let last = words.last, last.last?.isNumber == true {
        words[words.count - 1] = last + " " + word
      } else {
        words.append(String(word))
      }
    }
    return words
  }

  private static func pad(_ text: String, to width: Int, right: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return right ? blanks + text : text + blanks
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
