import Testing
import TraceModel

@testable import breaktrace

@Suite struct CPUSelectionTests {
  @Test(arguments: ["0", "0-3,5", "!2", "+0-1", "all"])
  func `writes what it reads`(text: String) {
    #expect(CPUSelection(text)?.text == text)
  }

  @Test(arguments: ["", "!", "+", "al", "!all", "!!2", "-1", "0-", "x", "1;2"])
  func `refuses what is no set`(text: String) {
    #expect(CPUSelection(text) == nil)
  }

  @Test func `names the CPUs that are missing`() throws {
    let selection = try #require(CPUSelection("1,8-9"))
    let error = #expect(throws: UsageError.self) {
      try selection.resolved(in: CPUSet([0, 1]), label: "-a")
    }
    #expect(
      error?.description
        == "-a: CPU 8-9 does not exist or is not available; available CPUs are 0-1")
  }

  @Test func `every changed byte gives a set that is read back, or none`() {
    for text in ["0-3,5", "!2,7", "+0-1", "all"] {
      let bytes = Array(text.utf8)
      var read = 0
      for index in bytes.indices {
        for value in 0...255 as ClosedRange<UInt8> {
          var changed = bytes
          changed[index] = value
          guard let set = CPUSelection(String(decoding: changed, as: UTF8.self)) else { continue }
          read += 1
          #expect(CPUSelection(set.text) == set)
          _ = try? set.resolved(in: CPUSet([0, 1, 2]), label: "-a")
        }
      }
      #expect(read >= bytes.count)
    }
  }

  @Test(arguments: [
    ("10m", ValueKind.duration), ("64M", .kibibytes), ("100", .number(0...(.max))),
    ("fifo", .policy),
    ("irqsoff", .word), ("sched:*,irq:x", .list),
  ])
  func `every changed byte of an option's value is read or refused with a reason`(
    text: String, kind: ValueKind
  ) {
    let bytes = Array(text.utf8)
    var refused = 0
    for index in bytes.indices {
      for value in 0...255 as ClosedRange<UInt8> {
        var changed = bytes
        changed[index] = value
        let digits = Array("99999999999999999999".utf8)
        for some in [
          changed, changed + digits, Array(changed[..<index]) + digits + changed[index...],
        ] {
          do throws(UsageError) {
            _ = try OptionValue(String(decoding: some, as: UTF8.self), as: kind, label: "--x")
          } catch {
            refused += 1
            #expect(error.description.contains("--x"))
          }
        }
      }
    }
    #expect(refused > 100)
  }
}
