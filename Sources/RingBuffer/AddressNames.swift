import TraceModel

/// What the trace's own tables say of addresses: functions and the texts of `printk_formats`.
struct AddressNames: Sendable {
  let symbols: SymbolTable
  private let texts: [UInt64: String]

  init(symbols: SymbolTable, printkFormats: String) {
    self.symbols = symbols
    var texts: [UInt64: String] = [:]
    let quote = UInt8(ascii: "\"")
    for line in printkFormats.utf8.split(separator: 10) {
      // 0xADDRESS : "text"
      guard line.starts(with: "0x".utf8), let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let blank = line.firstIndex(of: 32),
        let address = UInt64(
          Substring(line[..<min(blank, colon)].dropFirst(2)), radix: 16),
        let open = line.firstIndex(of: quote), let close = line.lastIndex(of: quote), open < close
      else { continue }
      let text = String(Substring(line[line.index(after: open)..<close]))
      texts[address] =
        text.utf8.contains(UInt8(ascii: "\\")) ? text.replacing("\\n", with: "") : text
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
