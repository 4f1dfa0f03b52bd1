import Synchronization
public import TraceModel

/// The kernel's functions by address, from text in the format of /proc/kallsyms.
///
/// The text is read at the first look-up. A kernel that hides its addresses (`kptr_restrict`) prints
/// them all as 0: then nothing has a symbol. May be used from any thread.
public final class SymbolTable: Sendable {
  struct Entry {
    var address: UInt64
    /// Where the name begins in the text.
    var name: Int
  }

  struct State {
    var entries: [Entry]?
    var known: [UInt64: CodeLocation] = [:]
  }

  /// No function is as long as this: an address farther behind the last symbol has none.
  private static let longest: UInt64 = 1 << 20
  /// What a stack entry says for a frame in ftrace's own trampoline (`FTRACE_TRAMPOLINE_MARKER`).
  private static let trampoline: UInt64 = 0x7fff_ffff

  private let text: String
  let state = Mutex(State())

  /// Makes a table; the text is not read yet.
  public init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    self.text = text
  }

  /// Makes a table of the same symbols, in which nothing was looked up yet.
  ///
  /// The text is read here where the other table has not read it, once for both.
  public init(sharing other: SymbolTable) {
    text = other.text
    let entries = other.state.withLock { state in other.entries(&state) }
    state.withLock { $0.entries = entries }
  }

  /// The number of symbols that have an address.
  public var count: Int {
    state.withLock { state in entries(&state).count }
  }

  /// The function that holds `address`, with the offset in it; the address alone where none is known.
  public func location(_ address: UInt64) -> CodeLocation {
    state.withLock { state in
      if let known = state.known[address] { return known }
      let found = find(address, entries(&state))
      // Millions of different addresses are a damaged trace, and not worth the memory.
      if state.known.count < 65_536 { state.known[address] = found }
      return found
    }
  }

  private func entries(_ state: inout State) -> [Entry] {
    if let entries = state.entries { return entries }
    let entries = Self.parse(text)
    state.entries = entries
    return entries
  }

  private func find(_ address: UInt64, _ entries: [Entry]) -> CodeLocation {
    if address == Self.trampoline {
      return CodeLocation(address: address, symbol: "[FTRACE TRAMPOLINE]")
    }
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - entries[low - 1].address < Self.longest else {
      return CodeLocation(address: address)
    }
    let start = entries[low - 1].address
    // The kernel names the first of several symbols at one address.
    var first = low - 1
    while first > 0, entries[first - 1].address == start { first -= 1 }
    let (name, module) = name(at: entries[first].name)
    return CodeLocation(
      address: address, symbol: name, offset: address - start, module: module)
  }

  private func name(at offset: Int) -> (String, String?) {
    let utf8 = text.utf8
    let rest = utf8[utf8.index(utf8.startIndex, offsetBy: offset)...].prefix { $0 != 10 }
    let words = rest.split { $0 == 9 || $0 == 32 || $0 == 13 }.map { String($0) ?? "" }
    guard let name = words.first else { return ("", nil) }
    guard words.count > 1, words[1].hasPrefix("["), words[1].hasSuffix("]") else {
      return (name, nil)
    }
    return (name, String(words[1].dropFirst().dropLast()))
  }

  /// All text symbols in order of address, or all symbols where the text has no text symbol.
  private static func parse(_ text: String) -> [Entry] {
    let bytes = text.utf8Span.span
    let functions = parse(bytes, onlyText: true)
    return functions.isEmpty ? parse(bytes, onlyText: false) : functions
  }

  private static func parse(_ bytes: Span<UInt8>, onlyText: Bool) -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(bytes.count / 64)
    var ascending = true
    var last: UInt64 = 0
    var index = 0
    while index < bytes.count {
      var address: UInt64 = 0
      var digits = 0
      while index < bytes.count, let digit = hexadecimal(bytes[index]) {
        address = address << 4 | digit
        digits += 1
        index += 1
      }
      // ADDRESS, a blank, the type's letter, a blank, the name.
      if digits > 0, digits <= 16, address != 0, index + 3 < bytes.count, bytes[index] == 32,
        bytes[index + 2] == 32, !onlyText || isText(bytes[index + 1])
      {
        entries.append(Entry(address: address, name: index + 3))
        ascending = ascending && address >= last
        last = address
        index += 3
      }
      while index < bytes.count, bytes[index] != 10 { index += 1 }
      index += 1
    }
    if !ascending { entries.sort { ($0.address, $0.name) < ($1.address, $1.name) } }
    return entries
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 48...57: UInt64(byte) - 48
    case 97...102: UInt64(byte) - 87
    case 65...70: UInt64(byte) - 55
    default: nil
    }
  }

  private static func isText(_ letter: UInt8) -> Bool {
    switch letter | 32 {
    case UInt8(ascii: "t"), UInt8(ascii: "w"), UInt8(ascii: "i"): true
    default: false
    }
  }
}
