import Testing

@testable import Tracefs

@Suite struct EventFilterTextTests {
  @Test(arguments: [
    ([7], "pid==7"), ([9, 7], "pid==7||pid==9"), ([7, 8], "pid==7||pid==8"),
    ([7, 8, 9, 12], "(pid>=7&&pid<=9)||pid==12"), ([7, 7], "pid==7"),
  ])
  func `tasks become a condition`(tids: [Int32], text: String) {
    #expect(EventFilterText.tasks(tids, field: "pid") == text)
  }

  @Test func `without tasks there is no condition`() {
    #expect(EventFilterText.tasks([], field: "pid", comm: "a") == nil)
  }

  @Test func `too many tasks are told by name`() {
    let tids = (0..<1_000).map { Int32($0 * 2) }
    #expect(EventFilterText.tasks(tids, field: "pid") == nil)
    #expect(
      EventFilterText.tasks(tids, field: "pid", comm: "bt", commField: "comm") == "comm==\"bt\"")
    #expect(EventFilterText.tasks(tids, field: "common_pid", comm: "bt*") == "COMM~\"bt*\"")
    #expect(EventFilterText.tasks(tids, field: "pid", comm: "a\"b") == nil)
    let text = EventFilterText.tasks(Array(tids.prefix(300)), field: "pid")
    #expect((text?.utf8.count ?? .max) <= EventFilterText.limit)
  }
}
