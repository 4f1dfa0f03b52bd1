import RingBuffer
import Testing
import TraceModel

struct SymbolTableTests {
  static let text = """
    0000000000000000 A fixed_percpu_data
    ffffffff81000000 T _stext
    ffffffff81000000 T _text
    ffffffff81000100 t do_one
    ffffffff81000180 D some_data
    ffffffff81000200 W do_two
    ffffffffc0000040 t in_module\t[ext4]
    ffffffffc0000000 t first_in_module\t[ext4]

    """

  @Test func `an address is named by the function that holds it`() {
    let table = SymbolTable(Self.text)
    #expect(table.count == 6)
    #expect(table.location(0xffff_ffff_8100_0004).text == "_stext+0x4")
    #expect(table.location(0xffff_ffff_8100_01ff).text == "do_one+0xff")
    #expect(table.location(0xffff_ffff_8100_0200).text == "do_two+0x0")
    #expect(table.location(0xffff_ffff_c000_003f).text == "first_in_module+0x3f [ext4]")
    #expect(table.location(0xffff_ffff_c000_0041).module == "ext4")
  }

  @Test func `an address outside every function has no name`() {
    let table = SymbolTable(Self.text)
    for address in [0, 0x5555_5555_0000, 0xffff_ffff_8080_0000, UInt64.max] {
      #expect(table.location(address) == CodeLocation(address: address))
    }
    #expect(SymbolTable("").location(5).symbol.isEmpty)
  }

  @Test func `the begin of the kernel's text is found and kept with the used symbols`() {
    let table = SymbolTable(Self.text)
    #expect(table.usedSymbols().isEmpty)
    #expect(table.textStart == 0xffff_ffff_8100_0000)
    _ = table.location(0xffff_ffff_8100_0101)
    let used = "ffffffff81000000 t _stext\nffffffff81000100 t do_one\n"
    #expect(table.usedSymbols() == used)
    #expect(SymbolTable(used).textStart == 0xffff_ffff_8100_0000)
    #expect(SymbolTable("ffffffff81000000 T _stext2\n").textStart == nil)
    #expect(SymbolTable("ffffffff81000000 T _stext").textStart == 0xffff_ffff_8100_0000)
    #expect(SymbolTable("ffffffff81000000 T _stex").textStart == nil)
  }

  @Test func `the first of several symbols at one address is still the first in the used ones`() {
    let table = SymbolTable("ffffffff81000000 T a_text\nffffffff81000000 T _stext\n")
    #expect(table.textStart == 0xffff_ffff_8100_0000)
    #expect(table.location(0xffff_ffff_8100_0001).symbol == "a_text")
    #expect(SymbolTable(table.usedSymbols()).location(0xffff_ffff_8100_0001).symbol == "a_text")
  }

  @Test(arguments: [
    "ffffffff81000100", "FFFFFFFF81000100", "fFfFffFf81000100", "0000000081000100", "81000100",
    "123456789abcdef0", "00000000000000001", "g123456789abcdef", "123456789abcdef/",
    "123456789abcdef:", "12345678 abcdef00", "1234567\u{e9}9abcdef", "@@@@@@@@@@@@@@@@",
  ])
  func `an address is read as a number of at most sixteen digits`(_ digits: String) {
    let table = SymbolTable(digits + " t f\n")
    let wanted = digits.utf8.count <= 16 ? UInt64(digits, radix: 16) : nil
    #expect(table.count == (wanted == nil ? 0 : 1))
    if let wanted { #expect(table.location(wanted).symbol == "f") }
  }

  @Test func `lines of every length are told apart`() {
    var text = ""
    for length in 1...40 {
      text +=
        "ffffffff81\(String(UInt64(length) << 8 | 0x100_0000, radix: 16).dropFirst()) t "
        + String(repeating: "n", count: length) + "\n"
    }
    let table = SymbolTable(text)
    #expect(table.count == 40)
    for length in 1...40 {
      let address = 0xffff_ffff_8100_0000 | UInt64(length) << 8
      #expect(table.location(address).symbol.count == length)
    }
  }

  @Test func `hidden addresses name nothing`() {
    let table = SymbolTable("0000000000000000 T _text\n0000000000000000 t do_one\n")
    #expect(table.count == 0)
    #expect(table.location(0xffff_ffff_8100_0000).symbol.isEmpty)
    #expect(table.location(0).symbol.isEmpty)
  }

  @Test func `a table of data alone is used`() {
    #expect(
      SymbolTable("ffffffff81000180 D some_data\n").location(0xffff_ffff_8100_0181).symbol
        == "some_data")
  }

  @Test func `NULs are no digits`() {
    #expect(SymbolTable(String(repeating: "\0", count: 8) + "81000180 t f\n").count == 0)
  }

  @Test(arguments: ["ffffffff81000180 \n some_data\n", "81000180 \n some_data\n"])
  func `a line's end is no type`(text: String) {
    #expect(SymbolTable(text).count == 0)
  }

  @Test(arguments: [
    "", "\n\n", "f", "ffffffff81000000", "ffffffff81000000 T", "ffffffff81000000 T ",
    "ffffffffffffffffff T x\n", "zz T x\n", "ffffffff81000000 T \u{e9}\n", "1 t a\n1 t b",
  ])
  func `broken text is no trap`(_ text: String) {
    let table = SymbolTable(text)
    _ = table.location(0xffff_ffff_8100_0010)
    #expect(table.count <= 2)
  }

  @Test func `every prefix and every single-byte change of a table is survived`() {
    let bytes = Array(Self.text.utf8)
    func read(_ changed: [UInt8]) -> Int {
      // Alone, and with bytes after it that are not part of it.
      let alone = SymbolTable(StoredText(ByteStore(changed)))
      let inside = SymbolTable(
        StoredText(
          ByteStore([48] + changed + Array("\nff t x\n".utf8)), range: 1..<1 + changed.count))
      #expect(alone.count == inside.count)
      #expect(alone.textStart == inside.textStart)
      for address in [0x81, 0xffff_ffff_8100_0104, 0xffff_ffff_c000_0041] as [UInt64] {
        #expect(alone.location(address) == inside.location(address))
      }
      return alone.count
    }
    var counts: Set<Int> = []
    for index in bytes.indices {
      counts.insert(read(Array(bytes[..<index])))
      for change in [0x01, 0x20, 0x80, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        counts.insert(read(changed))
      }
    }
    #expect(counts == Set(0...6))
  }

  private static let frames =
    "ffffffff81000000 t clock\nffffffff81000090 t behind\nffffffff81000200 t memset_orig\n"
    + "ffffffff81000400 t last\n"

  private func hides(_ offset: UInt64, in table: SymbolTable) -> Bool {
    table.location(0xffff_ffff_8100_0000 + offset).mayHideCaller
  }

  @Test func `a place near a function's begin or end may have no frame`() {
    let table = SymbolTable(Self.frames)
    for offset: UInt64 in [0, 1, 5, 6, 0x6c, 0x81, 0x8f, 0x300] {
      #expect(hides(offset, in: table), "\(offset)")
    }
    for offset: UInt64 in [2, 4, 7, 9, 10, 0x3a, 0x6b, 0x9b, 0x500] {
      #expect(!hides(offset, in: table), "\(offset)")
    }
  }

  @Test func `a kernel with endbr64 has other begins`() {
    let table = SymbolTable(Self.frames + "ffffffff81000800 T ibt_save\n")
    for offset: UInt64 in [0, 4, 5, 9, 10, 0x81] { #expect(hides(offset, in: table), "\(offset)") }
    for offset: UInt64 in [1, 6, 11, 13] { #expect(!hides(offset, in: table), "\(offset)") }
    #expect(!hides(1, in: SymbolTable(table.usedSymbols())))
  }

  @Test(arguments: ["orc_find.part.0", "__orc_find", "orc_sort_cmp"])
  func `a kernel with ORC tables misses no caller`(function: String) {
    let table = SymbolTable(Self.frames + "ffffffff81000800 t \(function)\n")
    #expect(!hides(1, in: table))
    #expect(!hides(0x81, in: table))
    // What a bundle keeps of the symbols says the same.
    let kept = SymbolTable(table.usedSymbols())
    #expect(!hides(1, in: kept))
  }

  @Test func `used symbols still show where a frame may be missing`() {
    let table = SymbolTable(Self.frames)
    #expect(hides(0x81, in: table))
    #expect(!hides(0x3a, in: table))
    let kept = SymbolTable(table.usedSymbols())
    #expect(kept.count == 2)
    #expect(hides(0x81, in: kept))
    #expect(!hides(0x3a, in: kept))
  }
}
