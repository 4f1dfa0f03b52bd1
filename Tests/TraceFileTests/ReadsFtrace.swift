import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// What the tests of ftrace's text share: reading a text, a line, the part after a line's head.
protocol ReadsFtrace {}

extension ReadsFtrace {
  func read(_ text: String) -> FtraceText {
    FtraceTextReader.read(ByteStore(Array(text.utf8)))
  }

  func event(_ line: String, header: String = "") throws -> TraceEvent {
    let text = read(header + line + "\n")
    #expect(text.problems == [])
    #expect(text.sections[0].eventCount == 1)
    return try #require(text.timeline.merged.first)
  }

  func payload(_ text: String) throws -> EventPayload {
    try event("  sh-61      [000] d..2.    52.546576: " + text).payload
  }
}
