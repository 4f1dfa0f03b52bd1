import Testing

@testable import Tracefs

@Suite struct InstanceNameTests {
  @Test(arguments: [nil, "tracer", "a-b_9"] as [String?])
  func `a name reads back as what made it`(suffix: String?) {
    let name = InstanceName(run: makeRun(12, 3_456), suffix: suffix)
    #expect(name.text == "breaktrace.12.3456" + (suffix.map { ".\($0)" } ?? ""))
    #expect(InstanceName(name.text) == name)
  }

  @Test(arguments: [
    "", "breaktrace", "breaktrace.1", "breaktrace.a.2", "breaktrace.1.b", "breaktrace.01.2",
    "breaktrace.0.2", "breaktrace.-1.2", "breaktrace.1.+2", "breaktrace.1.2.", "breaktrace.1.2.a.b",
    "breaktrace.1.2.a/b", "xbreaktrace.1.2", "breaktrace.99999999999.2", "osnoise",
    "breaktrace.1.99999999999999999999",
  ])
  func `a name of somebody else is not taken for ours`(text: String) {
    #expect(InstanceName(text) == nil)
  }

  @Test func `a suffix with a slash is refused`() {
    #expect(InstanceName(run: makeRun(1), suffix: "../x").text == "breaktrace.1.77")
  }
}
