internal import RingBuffer

/// The kernel's symbols, which take longer to read than everything else of a report: before the
/// measurement, not after a hit.
///
/// Modules come and go: the text is read again when the list of modules is another one than at the
/// last reading. A kernel without modules has no such list.
final class SymbolCache {
  private var modules: String?
  private var table: SymbolTable

  /// Reads /proc/kallsyms and sorts it.
  init() {
    modules = Self.readModules()
    table = SymbolTable(sharing: Self.readSymbols())
  }

  /// The symbols as they are now, none of them looked up.
  func current() -> SymbolTable {
    let now = Self.readModules()
    if now != modules {
      modules = now
      table = Self.readSymbols()
    }
    return SymbolTable(sharing: table)
  }

  private static func readSymbols() -> SymbolTable {
    SymbolTable(ProcText.read("/proc/kallsyms") ?? "")
  }

  /// Names and addresses of the modules; their use counts change without a module coming or going.
  private static func readModules() -> String? {
    guard let text = ProcText.read("/proc/modules") else { return nil }
    return text.split(separator: "\n").map { line in
      let fields = line.split(separator: " ")
      return "\(fields.first ?? "") \(fields.last { $0.hasPrefix("0x") } ?? "")"
    }.joined(separator: "\n")
  }
}
