import Synchronization
public import TraceModel

/// The kernel's functions by address, from text in the format of /proc/kallsyms.
///
/// The text is read at the first look-up. A kernel that hides its addresses (`kptr_restrict`)
/// prints them all as 0: then nothing has a symbol. May be used from any thread.
public final class SymbolTable: Sendable {
  struct Entry {
    var address: UInt64
    /// Where the name begins in the text.
    var name: Int
  }

  struct State {
    var entries: [Entry]?
    var known: [UInt64: CodeLocation] = [:]
    /// What `textStart` found; nil until it is asked for.
    var textStart: UInt64??
    /// How the kernel's frames are found; nil until it is asked for.
    var frames: Frames?
    /// Entries after addresses that are near the end of their function.
    var neighbours: Set<Int> = []
  }

  /// No function is as long as this: an address further after the last symbol has none.
  private static let longest: UInt64 = 1 << 20
  /// What a stack entry says for a frame in ftrace's own trampoline (`FTRACE_TRAMPOLINE_MARKER`).
  private static let trampoline: UInt64 = 0x7fff_ffff

  private let text: StoredText
  let state = Mutex(State())

  /// Makes a table; the text is not read yet.
  public init(_ text: StoredText) { self.text = text }

  /// Makes a table of a text.
  public convenience init(_ text: String) { self.init(StoredText(text)) }

  /// Where the kernel's text begins (`_stext`), nil where the table does not contain it.
  public var textStart: UInt64? {
    state.withLock { state in
      if let known = state.textStart { return known }
      let found = address(of: Array("_stext".utf8), entries(&state))
      state.textStart = .some(found)
      return found
    }
  }

  private func address(of name: [UInt8], _ entries: [Entry]) -> UInt64? {
    text.withBytes { bytes in
      entries.first { entry in
        let end = entry.name + name.count
        return bytes.holds(name, at: entry.name)
          && (end == bytes.byteCount || Self.isBlank(bytes.uncheckedUInt8(end)))
      }?.address
    }
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

  /// The function that holds `address`, with the offset in it; the address alone where none is
  /// known.
  public func location(_ address: UInt64) -> CodeLocation {
    state.withLock { state in
      if let known = state.known[address] { return known }
      let found = find(address, &state)
      // Millions of different addresses are a damaged trace, and not worth the memory.
      if state.known.count < 65_536 { state.known[address] = found }
      return found
    }
  }

  func entries(_ state: inout State) -> [Entry] {
    if let entries = state.entries { return entries }
    let entries = Self.parse(text)
    state.entries = entries
    return entries
  }

  private func find(_ address: UInt64, _ state: inout State) -> CodeLocation {
    let entries = entries(&state)
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
    var found = CodeLocation(
      address: address, symbol: name, offset: address - start, module: module)
    let rest = low < entries.count ? entries[low].address - address : .max
    if frames(&state).mayBeMissing(at: address - start, before: rest, of: name) {
      found.mayHideCaller = true
      if rest <= Frames.end { state.neighbours.insert(low) }
    }
    return found
  }

  /// The function that begins at an entry.
  func begin(of entry: Entry) -> CodeLocation {
    let (name, module) = name(at: entry.name)
    return CodeLocation(address: entry.address, symbol: name, offset: 0, module: module)
  }

  private func frames(_ state: inout State) -> Frames {
    if let known = state.frames { return known }
    let entries = entries(&state)
    func first(_ names: [[UInt8]]) -> CodeLocation? {
      text.withBytes { bytes in
        entries.first { entry in names.contains { bytes.holds($0, at: entry.name) } }
      }.map(begin)
    }
    var frames = Frames(orc: first(Frames.orcNames))
    if frames.orc == nil { frames.tracking = first(Frames.trackingNames) }
    state.frames = frames
    return frames
  }

  private func name(at offset: Int) -> (String, String?) {
    text.withBytes { bytes in
      var words: [String] = []
      var index = offset
      while index < bytes.byteCount, bytes.uncheckedUInt8(index) != 10, words.count < 2 {
        let start = index
        while index < bytes.byteCount, !Self.isBlank(bytes.uncheckedUInt8(index)) { index += 1 }
        if index > start { words.append(bytes.text(in: start..<index)) } else { index += 1 }
      }
      guard let name = words.first else { return ("", nil) }
      guard words.count > 1, words[1].hasPrefix("["), words[1].hasSuffix("]") else {
        return (name, nil)
      }
      return (name, String(words[1].dropFirst().dropLast()))
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 32 || byte == 9 || byte == 10 || byte == 13
  }

  /// All text symbols in order of address, or all symbols where the text has no text symbol.
  private static func parse(_ text: StoredText) -> [Entry] {
    text.withBytes { bytes in
      let functions = parse(bytes, onlyText: true)
      return functions.isEmpty ? parse(bytes, onlyText: false) : functions
    }
  }

  private static func parse(_ bytes: RawSpan, onlyText: Bool) -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(bytes.byteCount / 40)
    var ascending = true
    var last: UInt64 = 0
    var index = 0
    let count = bytes.byteCount
    // Eight digits as they are in the text, "00000000" at first, and their number.
    var prefix: (digits: UInt64, value: UInt64) = (0x3030_3030_3030_3030, 0)
    while index < count {
      // As the kernel prints it: 16 digits, of which the first 8 are mostly those of the line
      // before.
      if index + 19 < count, bytes.uncheckedUInt8(index + 16) == 32,
        bytes.uncheckedUInt8(index + 18) == 32
      {
        let digits = bytes.uncheckedUInt64(index, swapped: false)
        if digits != prefix.digits, let value = SymbolScan.half(digits) { prefix = (digits, value) }
        if digits == prefix.digits,
          let low = SymbolScan.half(bytes.uncheckedUInt64(index + 8, swapped: false))
        {
          let address = prefix.value << 32 | low
          var end = index + 16
          if address != 0, isWanted(bytes.uncheckedUInt8(index + 17), onlyText) {
            end = index + 19
            entries.append(Entry(address: address, name: end))
            ascending = ascending && address >= last
            last = address
          }
          index = SymbolScan.lineEnd(bytes, from: end) + 1
          continue
        }
      }
      var address: UInt64 = 0
      var digits = 0
      while index < count, let digit = hexadecimal(bytes.uncheckedUInt8(index)) {
        address = address << 4 | digit
        digits += 1
        index += 1
      }
      // ADDRESS, a blank, the type's letter, a blank, the name.
      if digits > 0, digits <= 16, address != 0, index + 3 < count,
        bytes.uncheckedUInt8(index) == 32, bytes.uncheckedUInt8(index + 2) == 32,
        isWanted(bytes.uncheckedUInt8(index + 1), onlyText)
      {
        entries.append(Entry(address: address, name: index + 3))
        ascending = ascending && address >= last
        last = address
        index += 3
      }
      index = SymbolScan.lineEnd(bytes, from: index) + 1
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

  /// Whether the byte is the letter of a type, and of a wanted one; a line's end is none.
  private static func isWanted(_ letter: UInt8, _ onlyText: Bool) -> Bool {
    onlyText ? isText(letter) : letter != 10
  }

  private static func isText(_ letter: UInt8) -> Bool {
    switch letter | 32 {
    case UInt8(ascii: "t"), UInt8(ascii: "w"), UInt8(ascii: "i"): true
    default: false
    }
  }
}
