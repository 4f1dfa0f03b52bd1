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

  @Test(arguments: [
    "", "\n\n", "f", "ffffffff81000000", "ffffffff81000000 T", "ffffffff81000000 T ",
    "ffffffffffffffffff T x\n", "zz T x\n", "ffffffff81000000 T \u{e9}\n", "1 t a\n1 t b",
  ])
  func `broken text is no trap`(_ text: String) {
    let table = SymbolTable(text)
    _ = table.location(0xffff_ffff_8100_0010)
    #expect(table.count <= 2)
  }
}
