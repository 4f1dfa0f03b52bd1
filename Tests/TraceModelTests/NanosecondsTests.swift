import Testing
import TraceModel

struct NanosecondsTests {
  @Test func `sums, differences and multiples saturate`() {
    let most = Nanoseconds(.max)
    let least = Nanoseconds(.min)
    #expect(most + Nanoseconds(1) == most)
    #expect(least - Nanoseconds(1) == least)
    #expect(Nanoseconds(-7) * 3 == Nanoseconds(-21))
    #expect(most * 2 == most)
    #expect(most * -2 == least)
    #expect(least * 2 == least)
    #expect(least * -1 == most)
  }
}
