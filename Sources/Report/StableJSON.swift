import FoundationEssentials

/// JSON whose bytes depend on the value alone: sorted keys, two blanks, a line end behind it.
enum StableJSON {
  static func text(_ value: some Encodable) throws(ReportError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    } catch {
      throw ReportError(
        operation: "write", subject: "a report as JSON", reason: "\(error)",
        hint: "This is a defect of breaktrace.")
    }
  }
}
