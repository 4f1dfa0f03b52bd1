/// The kernel's symbols, which take longer to read than everything else of a report.
///
/// Modules come and go: the text is read again when the list of modules is another one than at the last reading.
/// A kernel without modules has no such list.
final class SymbolCache {
  private var modules: String?
  private var text: String

  /// Reads /proc/kallsyms.
  init() {
    modules = Self.readModules()
    text = Self.readSymbols()
  }

  /// The text of /proc/kallsyms as it is now.
  func current() -> String {
    let now = Self.readModules()
    if now != modules {
      modules = now
      text = Self.readSymbols()
    }
    return text
  }

  private static func readSymbols() -> String { ProcText.read("/proc/kallsyms") ?? "" }

  /// Names and addresses of the modules; their use counts change without a module coming or going.
  private static func readModules() -> String? {
    guard let text = ProcText.read("/proc/modules") else { return nil }
    return text.split(separator: "\n").map { line in
      let fields = line.split(separator: " ")
      return "\(fields.first ?? "") \(fields.last { $0.hasPrefix("0x") } ?? "")"
    }.joined(separator: "\n")
  }
}
