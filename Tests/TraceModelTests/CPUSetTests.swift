import Testing
import TraceModel

@Suite struct CPUSetTests {
  @Test(arguments: [
    ("0", [0]), ("0-3,5", [0, 1, 2, 3, 5]), ("", []), (" 1\n", [1]), ("5,0-1", [0, 1, 5]),
  ])
  func `reads the kernel's list format`(text: String, cpus: [Int]) {
    #expect(CPUSet(list: text)?.cpus == cpus)
  }

  @Test(arguments: ["a", "1-", "-1", "3-1", "1,,2", "0x1", "99999", "1 2", "+1"])
  func `refuses what is not a list`(text: String) {
    #expect(CPUSet(list: text) == nil)
  }

  @Test func `writes list and mask`() {
    #expect(CPUSet([0, 1, 2, 5]).list == "0-2,5")
    #expect(CPUSet([0, 1, 33]).mask == "2,00000003")
    #expect(CPUSet([]).mask == "0")
  }

  @Test func `every list that one changed byte makes is read as its own list or refused`() {
    let bytes = Array("0-3,5,9-11\n".utf8)
    var read = 0
    for index in bytes.indices {
      for value in 0...255 as ClosedRange<UInt8> {
        var changed = bytes
        changed[index] = value
        guard let set = CPUSet(list: String(decoding: changed, as: UTF8.self)) else { continue }
        read += 1
        #expect(CPUSet(list: set.list) == set)
      }
    }
    #expect(read > 60)
  }
}
