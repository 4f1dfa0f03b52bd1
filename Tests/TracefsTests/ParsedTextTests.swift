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

  @Test(arguments: [
    ("\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n", nil),
    ("\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n", 4_096),
    ("\tfield: char data;\toffset:12;\tsize:x;\tsigned:0;\n", nil),
    ("\tfield: char data;\toffset:9223372036854775807;\tsize:4080;\n", nil), ("", nil),
  ])
  func `the page size is read from header_page`(text: String, size: Int?) {
    #expect(HeaderPage.pageSize(text) == size)
  }
}
