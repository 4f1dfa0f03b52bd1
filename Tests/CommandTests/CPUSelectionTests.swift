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
        == "-a: CPU 8-9 is not there or not allowed; CPUs that may be used: 0-1")
  }
}
