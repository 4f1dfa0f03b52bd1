import FoundationEssentials

/// JSON whose bytes depend on the value alone: sorted keys, a line end after it.
enum StableJSON {
  /// The value over several lines, two blanks a level; on one line where `isCompact`.
  static func text(
    _ value: some Encodable, isCompact: Bool = false
  ) throws(ReportError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if !isCompact { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    } catch {
      throw ReportError(
        operation: "write", subject: "a report as JSON", reason: "\(error)",
        hint: "This is a defect of breaktrace.")
    }
  }
}
