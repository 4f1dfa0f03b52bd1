import Testing
import TraceModel
import Tracefs

@testable import Session

/// The size of buffer that a report asks for.
struct BufferAdviceTests {
  private let window = TimeSpan(Nanoseconds(1_000_000_000), Nanoseconds(1_100_000_000))

  private func cpu(_ overrun: UInt64, bytes: UInt64, oldest: Int64?) -> CPUBufferStatistics {
    CPUBufferStatistics(
      cpu: 0, entries: 1, overrun: overrun, bytes: bytes,
      oldestEvent: oldest.map { Nanoseconds($0) })
  }

  @Test func `a buffer that reaches back needs no advice`() {
    #expect(
      BufferAdvice.kilobytes(for: window, filled: [cpu(9, bytes: 64_000, oldest: 999_999_999)])
        == nil)
  }

  @Test func `a buffer that never overwrote needs none, whenever it began`() {
    #expect(
      BufferAdvice.kilobytes(for: window, filled: [cpu(0, bytes: 64_000, oldest: 1_050_000_000)])
        == nil)
  }

  @Test func `twice the window at the pace of the fullest buffer`() {
    // 100 KiB in the last 10 ms of 100 ms: 1000 KiB for the window, 2000 for twice, 2048 as a power
    // of two.
    let fast = cpu(9, bytes: 102_400, oldest: 1_090_000_000)
    let slow = cpu(9, bytes: 102_400, oldest: 1_010_000_000)
    #expect(BufferAdvice.kilobytes(for: window, filled: [slow, fast]) == 2_048)
  }

  @Test func `a buffer that holds only the end of the window gets no absurd advice`() {
    let behind = cpu(9, bytes: 1 << 40, oldest: 1_200_000_000)
    #expect(BufferAdvice.kilobytes(for: window, filled: [behind]) == 1 << 24)
  }
}
