import Testing
import TraceModel

@testable import Tracefs

@Suite struct ParsedTextTests {
  @Test func `the stats of a CPU are read`() {
    let text = """
      entries: 83
      overrun: 5
      commit overrun: 1
      bytes: 5644
      oldest event ts:  1032.466405
      now ts:  1032.685052
      dropped events: 2
      read events: 9

      """
    let expected = CPUBufferStatistics(
      cpu: 3, entries: 83, overrun: 5, commitOverrun: 1, bytes: 5_644,
      oldestEvent: Nanoseconds(1_032_466_405_000), now: Nanoseconds(1_032_685_052_000),
      dropped: 2, read: 9)
    #expect(CPUBufferStatistics(cpu: 3, text: text) == expected)
    #expect(expected.lost == 8)
  }

  @Test(arguments: ["", "entries", "entries: x\nnow ts: 1.2\n", "now ts: 99999999999999.000000"])
  func `damaged stats are zero and nil`(text: String) {
    #expect(CPUBufferStatistics(cpu: 0, text: text) == CPUBufferStatistics(cpu: 0))
  }

  @Test func `an empty buffer has no oldest event`() {
    let text = "entries: 0\noldest event ts:     0.000000\n"
    #expect(CPUBufferStatistics(cpu: 0, text: text).oldestEvent == nil)
  }

  @Test func `a clock that counts no time has no stamps`() {
    #expect(CPUBufferStatistics(cpu: 0, text: "entries: 1\nnow ts: 123456\n").now == nil)
  }

  @Test(arguments: [
    ("local [mono] x86-tsc\n", ["local", "mono", "x86-tsc"], "mono"), ("mono\n", ["mono"], "mono"),
    ("", [], ""), ("a b", ["a", "b"], ""),
  ])
  func `clocks are read`(text: String, names: [String], current: String) {
    #expect(ClockList(text).names == names)
    #expect(ClockList(text).current == current)
  }

  @Test func `the layout of a page is read from header_page`() {
    let text = """
      \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
      \tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;
      \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
      \tfield: char data;\toffset:12;\tsize:4084;\tsigned:0;

      """
    let page = HeaderPage(text)
    #expect(page?.timestamp == 0 && page?.commit == 8 && page?.commitSize == 4)
    #expect(page?.data == 12 && page?.size == 4_096)
  }

  @Test(arguments: [
    "", "\tfield: char data;\toffset:12;\tsize:x;\tsigned:0;\n",
    "\tfield: char data;\toffset:9223372036854775807;\tsize:4080;\n",
    "\tfield: char data;\toffset:-16;\tsize:4080;\n",
    "\tfield: u64 timestamp;\toffset:4090;\tsize:8;\n\tfield: char data;\toffset:16;\tsize:4080;\n",
  ])
  func `a damaged header_page is refused`(text: String) {
    #expect(HeaderPage(text) == nil)
  }
}
