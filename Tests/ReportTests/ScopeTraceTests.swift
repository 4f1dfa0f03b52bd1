import Report
import Testing

@Suite struct ScopeTraceTests {
  @Test func `shows the newest columns at the right, with the scale of what is shown`() {
    var trace = ScopeTrace(width: 30, height: 8)
    for value: Int64 in [9_000, 10, 20, 30] {
      trace.add(thread: 0, value: value)
      trace.endColumn()
    }
    #expect(trace.frame.hasPrefix("10000 us"))
    for _ in 0..<20 {
      trace.add(thread: 0, value: 15)
      trace.add(thread: 1, value: 40)
      trace.endColumn()
    }
    // The large value has left the picture at the left.
    #expect(trace.frame.hasPrefix("   50 us "))
    #expect(trace.frame.contains("T0: 15 (min 10 max 9000)  T1: 40 (min 40 max 40) us"))
    let lines = trace.frame.split(separator: "\n")
    #expect(lines.count == 7)
    #expect(lines.allSatisfy { $0.count <= 60 })
    #expect(lines.contains { $0.hasSuffix("11111111111111111111") })
  }

  @Test func `any value is shown`() {
    var trace = ScopeTrace(width: 1, height: 1, unit: "ns")
    #expect(trace.frame.contains("waiting for values"))
    for value in [Int64.min, -1, 0, 1, .max] {
      trace.add(thread: 70, value: value)
      trace.endColumn()
    }
    #expect(trace.frame.contains("\(Int64.max) ns"))
  }

  @Test(arguments: [Int64.min, .min + 1, -1_000_000_000_000, .max])
  func `a value far off is shown at the picture's border`(value: Int64) {
    var trace = ScopeTrace(width: 30, height: 8)
    trace.add(thread: 0, value: value)
    trace.endColumn()
    let lines = trace.frame.split(separator: "\n")
    let border = value < 0 ? lines[lines.count - 3] : lines[0]
    #expect(border.hasSuffix("\u{2502}0"))
    #expect(trace.frame.contains("T0: \(value)"))
  }
}
