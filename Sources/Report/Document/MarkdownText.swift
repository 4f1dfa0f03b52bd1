/// Renders a document as Markdown (CommonMark with tables).
public enum MarkdownText {
  /// The document as Markdown that ends with a line end.
  public static func render(_ document: Document) -> String {
    var lines = ["# " + escape(document.subject)]
    if !document.headline.isEmpty { lines += ["", "**" + escape(document.headline) + "**"] }
    for block in document.lead { lines += [""] + render(block) }
    for section in document.sections {
      lines += ["", "## " + escape(section.title)]
      for block in section.blocks { lines += [""] + render(block) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func render(_ block: Document.Block) -> [String] {
    switch block {
    case .paragraph(let text): return [escape(text)]
    case .list(let texts): return texts.map { "* " + escape($0) }
    case .definitions(let items):
      return items.map { "* **\(escape($0.term))**: \(escape($0.text))" }
    case .preformatted(let lines):
      let lines = lines.map(Printable.text)
      var fence = "```"
      while lines.contains(where: { $0.contains(fence) }) { fence += "`" }
      return [fence] + lines + [fence]
    case .table(let table):
      var lines = [
        row(table.columns.map(\.title)),
        "|" + table.columns.map { $0.alignment == .right ? " ---: |" : " --- |" }.joined(),
      ]
      lines += table.rows.map(row)
      if let total = table.total { lines.append(row(total)) }
      return lines
    }
  }

  private static func row(_ cells: [String]) -> String {
    "|" + cells.map { " \(escape($0)) |" }.joined()
  }

  private static func escape(_ text: String) -> String {
    var result = ""
    for character in Printable.text(text) {
      if "\\`*_[]<>|~#".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
