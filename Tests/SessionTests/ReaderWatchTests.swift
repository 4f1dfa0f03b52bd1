import Analysis
import Glibc
import Testing
import TraceModel

@testable import Session

struct ReaderWatchTests {
  private static func watch(buffers: Int) -> ReaderWatch {
    let watch = ReaderWatch(kilobytes: 64)
    watch.begin(buffers: buffers, since: watch.now())
    return watch
  }

  @Test func `without a loss there is no gap and no backlog to tell`() {
    let watch = Self.watch(buffers: 1)
    for _ in 0..<3 {
      watch.read(0, since: watch.now(), bytes: 4_096, events: 60, lost: nil, isEmptied: true)
    }
    #expect(watch.pace.gap == nil)
    #expect(watch.pace.backlog == 0)
  }

  @Test func `behind a loss the gap is the time since the buffer's read before`() throws {
    let watch = Self.watch(buffers: 2)
    watch.read(0, since: watch.now(), bytes: 4_096, events: 64, lost: nil, isEmptied: true)
    watch.read(1, since: watch.now(), bytes: 0, events: 0, lost: nil, isEmptied: true)
    var late = watch.now()
    late.time += 300_000_000
    late.ran += 1_000_000
    late.waited = late.waited.map { $0 + 290_000_000 }
    watch.read(0, since: late, bytes: 65_536, events: 1_024, lost: 16_384, isEmptied: true)
    let gap = try #require(watch.pace.gap)
    #expect(gap.length >= Nanoseconds(300_000_000) && gap.length < Nanoseconds(400_000_000))
    if late.waited != nil {
      #expect(watch.pace.cause == .starved)
    }
    // The buffer and 16384 events of 64 bytes.
    #expect(watch.pace.backlog == 65_536 + 1_048_576)
  }

  @Test func `a loss before the first read has a gap since the recording began`() throws {
    let watch = Self.watch(buffers: 1)
    usleep(20_000)
    watch.read(0, since: watch.now(), bytes: 65_536, events: 1_000, lost: 500, isEmptied: true)
    #expect(try #require(watch.pace.gap).length >= Nanoseconds(20_000_000))
    #expect(watch.pace.neededKilobytes(insteadOf: 64) ?? 0 >= 128)
  }

  @Test func `what was lost adds up until the buffer was empty`() {
    let watch = Self.watch(buffers: 1)
    for isEmptied in [false, false, true, true] {
      watch.read(
        0, since: watch.now(), bytes: 64_000, events: 1_000, lost: 1_000, isEmptied: isEmptied)
    }
    #expect(watch.pace.backlog == 65_536 + 3 * 64_000)
  }

  @Test func `the rate counts what was lost`() {
    let watch = Self.watch(buffers: 1)
    let begin = watch.now()
    watch.read(0, since: begin, bytes: 64_000, events: 1_000, lost: nil, isEmptied: true)
    usleep(60_000)
    watch.read(0, since: watch.now(), bytes: 64_000, events: 1_000, lost: 9_000, isEmptied: true)
    let seconds = Double(watch.now().time - begin.time) / 1e9
    let rate = 704_000 / seconds
    #expect(watch.pace.peakRate > rate * 0.9 && watch.pace.peakRate < rate * 1.5)
  }

  @Test func `reading a backlog fast is no high rate`() {
    let watch = Self.watch(buffers: 1)
    let begin = watch.now()
    usleep(120_000)
    // What came in 120 ms is read in two turns, the second one 60 ms after the first.
    watch.read(
      0, since: watch.now(), bytes: 1 << 20, events: 10_000, lost: nil, isEmptied: false)
    usleep(60_000)
    watch.read(0, since: watch.now(), bytes: 1 << 20, events: 10_000, lost: nil, isEmptied: true)
    let seconds = Double(watch.now().time - begin.time) / 1e9
    let rate = Double(2 << 20) / seconds
    #expect(watch.pace.peakRate > rate * 0.9 && watch.pace.peakRate < rate * 1.2)
  }

  @Test(
    .enabled(if: access("/proc/thread-self/schedstat", R_OK) == 0, "needs CONFIG_SCHED_INFO"))
  func `the thread's CPU time and its waiting are counted`() throws {
    let watch = Self.watch(buffers: 1)
    let before = watch.now()
    var sum: UInt64 = 0
    while watch.now().time - before.time < 20_000_000 { sum &+= 1 }
    let after = watch.now()
    let waited = try #require(after.waited) - (try #require(before.waited))
    #expect(after.ran > before.ran)
    #expect(waited >= 0 && waited <= after.time - before.time)
  }
}
