import TraceModel

/// What the trace's own tables say of addresses: functions and the texts of `printk_formats`.
struct AddressNames: Sendable {
  let symbols: SymbolTable
  private let texts: [UInt64: String]

  init(symbols: SymbolTable, printkFormats: String) {
    self.symbols = symbols
    var texts: [UInt64: String] = [:]
    for line in printkFormats.split(separator: "\n") {
      // 0xADDRESS : "text"
      guard let colon = line.firstIndex(of: ":"), line.hasPrefix("0x"),
        let address = UInt64(line[..<colon].dropFirst(2).filter { $0 != " " }, radix: 16),
        let open = line.firstIndex(of: "\""), let close = line.lastIndex(of: "\""), open < close
      else { continue }
      texts[address] = String(line[line.index(after: open)..<close]).replacing("\\n", with: "")
    }
    self.texts = texts
  }

  func location(_ address: UInt64) -> CodeLocation { symbols.location(address) }

  /// The function at a distance from the begin of the kernel's text; nil where that is not known.
  ///
  /// The kernel keeps the distance in 32 bits: that of a module's function may be negative.
  func location(distance: Int64) -> CodeLocation? {
    symbols.textStart.map {
      symbols.location($0 &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: distance))))
    }
  }

  func text(at address: UInt64) -> String? { texts[address] }
}
