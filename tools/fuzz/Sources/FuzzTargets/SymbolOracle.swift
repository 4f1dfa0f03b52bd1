import RingBuffer

/// Reads /proc/kallsyms as plainly as can be, to hold the fast parser against it.
enum SymbolOracle {
  /// Reads the text with the fast parser by every road; a difference ends the program.
  static func check(_ bytes: [UInt8]) -> Int {
    // The text at the end of its store, and with bytes after it.
    let alone = SymbolTable(StoredText(ByteStore(bytes)))
    let inside = SymbolTable(
      StoredText(
        ByteStore([48, 10] + bytes + [10, 48, 49]), range: 2..<2 + bytes.count))
    let plain = entries(bytes)
    precondition(alone.count == plain.count, "another number of symbols")
    precondition(inside.count == plain.count, "bytes after the text are read")
    var size = alone.count
    for entry in plain.prefix(64) {
      for address in [entry, entry &+ 1, entry &- 1] {
        let found = alone.location(address)
        precondition(found == inside.location(address), "another function")
        size &+= found.text.utf8.count
      }
      precondition(
        alone.location(entry).offset == 0 || entry == 0x7fff_ffff, "its begin is not found")
    }
    precondition(alone.textStart == inside.textStart, "another begin of the text")
    let used = SymbolTable(alone.usedSymbols())
    size &+= used.count
    return size &+ SymbolTable(sharing: alone).count
  }

  /// Addresses of the text symbols, or of all where there is none.
  private static func entries(_ bytes: [UInt8]) -> [UInt64] {
    var functions: [UInt64] = []
    var all: [UInt64] = []
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
      let digits = line.prefix { (48...57).contains($0) || (97...102).contains($0 | 32) }
      guard !digits.isEmpty, digits.count <= 16,
        let address = UInt64(String(decoding: digits, as: UTF8.self), radix: 16), address != 0
      else { continue }
      let rest = Array(line[digits.endIndex...])
      guard rest.count > 2, rest[0] == 32, rest[2] == 32 else { continue }
      // A name is at least a byte, be it the line's end.
      guard rest.count > 3 || line.endIndex < bytes.endIndex else { continue }
      all.append(address)
      if [UInt8(ascii: "t"), UInt8(ascii: "w"), UInt8(ascii: "i")].contains(rest[1] | 32) {
        functions.append(address)
      }
    }
    return functions.isEmpty ? all : functions
  }
}
