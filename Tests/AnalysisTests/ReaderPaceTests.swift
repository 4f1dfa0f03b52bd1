import Analysis
import Testing
import TraceModel

struct ReaderPaceTests {
  private static func pace(
    gap milliseconds: Int64, waited: Int64?, ran: Int64, rate: Double = 0, backlog: UInt64 = 0
  ) -> ReaderPace {
    var pace = ReaderPace()
    pace.gap = ReaderPace.Gap(
      length: Nanoseconds(milliseconds * 1_000_000),
      waited: waited.map { Nanoseconds($0 * 1_000_000) }, ran: Nanoseconds(ran * 1_000_000))
    pace.peakRate = rate
    pace.backlog = backlog
    return pace
  }

  @Test func `a reader that waited for a CPU longer than it ran was starved`() {
    #expect(Self.pace(gap: 200, waited: 190, ran: 4).cause == .starved)
    // It sleeps until there is enough to read; what matters is what came then.
    #expect(Self.pace(gap: 200, waited: 60, ran: 4).cause == .starved)
    #expect(Self.pace(gap: 200, waited: 4, ran: 190).cause == .busy)
    #expect(Self.pace(gap: 200, waited: 4, ran: 6).cause == .slept)
    // Where the kernel does not count the waiting it is not guessed.
    #expect(Self.pace(gap: 200, waited: nil, ran: 6).cause == .slept)
    #expect(ReaderPace().cause == nil)
  }

  @Test func `the parts of a gap are never longer than the gap`() {
    let gap = ReaderPace.Gap(
      length: Nanoseconds(100), waited: Nanoseconds(180), ran: Nanoseconds(30))
    #expect(gap.waited == Nanoseconds(100))
    #expect(gap.ran == .zero && gap.slept == .zero)
    #expect(
      ReaderPace.Gap(length: Nanoseconds(100), waited: Nanoseconds(-5), ran: Nanoseconds(40)).slept
        == Nanoseconds(60))
  }

  @Test func `the buffer that would do holds twice what comes in the gap`() {
    // 40 MB/s for 100 ms: 4 MB, twice that: 8 MB.
    let pace = Self.pace(gap: 100, waited: 0, ran: 0, rate: 40e6)
    #expect(pace.neededKilobytes(insteadOf: 64) == 8_192)
    // The rate may be known too late; what was lost determines the rest: (64 KiB + 1 MiB) x 2.
    let burst = Self.pace(gap: 1, waited: 0, ran: 0, rate: 1e6, backlog: 64 << 10 | 1 << 20)
    #expect(burst.neededKilobytes(insteadOf: 64) == 4_096)
  }

  @Test func `the buffer named is larger than the one that lost, and bounded`() {
    #expect(Self.pace(gap: 1, waited: 0, ran: 0).neededKilobytes(insteadOf: 8_192) == 16_384)
    #expect(
      Self.pace(gap: 100_000, waited: 0, ran: 0, rate: 1e12).neededKilobytes(insteadOf: 64)
        == 1 << 21)
    #expect(ReaderPace().neededKilobytes(insteadOf: 64) == nil)
  }
}
