import Testing
import TraceModel

@testable import Session

struct EndedThreadsTests {
  @Test func aThreadCountsForSpikesThatBeganBeforeItsEnd() {
    var ended = EndedThreads()
    ended.note(7, at: Nanoseconds(1_000))
    #expect(ended.since(Nanoseconds(999)) == [7])
    #expect(ended.since(Nanoseconds(1_000)) == [7])
    #expect(ended.since(Nanoseconds(1_001)).isEmpty)
  }

  @Test func anIDThatMayBelongToAnotherTaskByNowIsForgotten() {
    var ended = EndedThreads()
    for thread in 0..<4_000 {
      ended.note(Int32(thread), at: Nanoseconds(Int64(thread) * 1_000_000_000))
    }
    // Also in a window of hours no more than the last minute's threads count.
    #expect(ended.since(.zero) == Array(3_939...3_999).map { Int32($0) })
  }
}
