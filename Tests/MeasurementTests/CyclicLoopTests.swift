import CRealtime
import Glibc
import Synchronization
import Testing
import TraceModel

@testable import Measurement

/// One loop on the test's own thread, with everything that it points to.
private final class LoopFixture {
  let shared = EngineMemory()
  let own = LoopMemory()
  let recorder = UnsafeMutablePointer<Recorder>.allocate(capacity: 1)
  let text: MarkerText

  var stop: UnsafeMutablePointer<Atomic<UInt32>> { shared.stop }
  var buffer: UnsafeMutablePointer<timespec> { own.buffer }
  var trigger: UnsafeMutablePointer<BreakTrigger> { shared.trigger }

  init() {
    text = MarkerText(
      in: own.line, tid: 1, policy: 1, priority: 2, threshold: Nanoseconds(microseconds: 3))
    recorder.initialize(to: Recorder(buckets: 4, sampleCapacity: 8))
  }

  deinit {
    recorder.deinitialize(count: 1)
    recorder.deallocate()
  }

  func loop(_ mode: WaitMode, interval: Int64) -> CyclicLoop {
    var loop = CyclicLoop(
      thread: 0, clock: CLOCK_MONOTONIC, interval: interval, timer: 0, buffer: buffer, stop: stop,
      text: text)
    loop.mode = mode
    return loop
  }

  var statistics: ThreadStatistics {
    var statistics = ThreadStatistics(
      index: 0, tid: 0, cpu: nil, policy: .other, priority: 0, interval: .zero)
    recorder.pointee.read(into: &statistics)
    return statistics
  }
}

@Suite struct CyclicLoopTests {
  @Test func `an early wake-up is counted and never breaks`() {
    let fixture = LoopFixture()
    var alarm = sigset_t()
    var old = sigset_t()
    sigemptyset(&alarm)
    sigaddset(&alarm, SIGALRM)
    pthread_sigmask(SIG_BLOCK, &alarm, &old)
    // A signal that is there already stands for a timer that fires too early.
    pthread_kill(pthread_self(), SIGALRM)
    var loop = fixture.loop(.itimer, interval: 1_000)
    loop.next = bt_clock(CLOCK_MONOTONIC) + 10_000_000_000
    let result = loop.run(
      fixture.recorder, cycles: 1, end: .max, threshold: 0, trigger: fixture.trigger)
    pthread_sigmask(SIG_SETMASK, &old, nil)
    #expect(result == 0)
    let statistics = fixture.statistics
    #expect(
      statistics.cycles == 1 && statistics.early == 1 && statistics.histogram == [1, 0, 0, 0])
    #expect(statistics.minimum < Nanoseconds(-9_000_000_000) && statistics.overflows == 0)
    #expect(fixture.trigger.pointee.published == nil)
  }

  @Test func `expiries that have passed are left out and counted`() {
    let fixture = LoopFixture()
    var loop = fixture.loop(.clockNanosleep, interval: 1_000_000_000)
    let first = bt_clock(CLOCK_MONOTONIC) - 10_500_000_000
    loop.next = first
    let result = loop.run(
      fixture.recorder, cycles: 1, end: .max, threshold: .max, trigger: fixture.trigger)
    #expect(result == 0 && loop.sequence == 1)
    #expect(fixture.statistics.overruns == 10)
    #expect(loop.next == first + 11_000_000_000)
    #expect(fixture.statistics.maximum >= Nanoseconds(10_500_000_000))
  }

  @Test func `the loop ends at its end, when stopped, and at an errno`() {
    let fixture = LoopFixture()
    var loop = fixture.loop(.clockNanosleep, interval: 1_000)
    loop.next = 50
    #expect(
      loop.run(fixture.recorder, cycles: 5, end: 50, threshold: 0, trigger: fixture.trigger) == 0)
    #expect(fixture.statistics.cycles == 0)
    fixture.stop.pointee.store(1, ordering: .relaxed)
    #expect(
      loop.run(fixture.recorder, cycles: 5, end: .max, threshold: 0, trigger: fixture.trigger)
        == EINTR)
    fixture.stop.pointee.store(0, ordering: .relaxed)
    loop.next = -1
    var wrong = CyclicLoop(
      thread: 0, clock: 99, interval: 1_000, timer: 0,
      buffer: fixture.buffer, stop: fixture.stop, text: fixture.text)
    #expect(
      wrong.run(fixture.recorder, cycles: 5, end: .max, threshold: 0, trigger: fixture.trigger)
        == EINVAL)
  }

  @Test(arguments: [0, 1, 9, 10, 999_999, Int64.max / 2])
  func `the marker is the text of BreakMarker`(number: Int64) {
    let memory = LoopMemory()
    let text = MarkerText(
      in: memory.line, tid: 1_813, policy: 1, priority: 80,
      threshold: Nanoseconds(microseconds: 100))
    let length = text.format(
      cpu: 12, sequence: UInt64(number), expiry: number, wake: number + 1_485_999)
    let line = String(
      decoding: UnsafeRawBufferPointer(start: text.line(length), count: length), as: UTF8.self)
    let marker = BreakMarker(
      cpu: 12, tid: 1_813, sequence: UInt64(number), expiry: Nanoseconds(number),
      wake: Nanoseconds(number + 1_485_999), policy: 1, priority: 80, thresholdMicroseconds: 100)
    withExtendedLifetime(memory) {}
    #expect(line == marker.text)
    #expect(BreakMarker(line) == marker)
  }

  @Test func `buckets are whole microseconds and the first overflows are remembered`() {
    let recorder = Recorder(buckets: 2, sampleCapacity: 0)
    for latency: Int64 in [0, 999, 1_000, 1_999, 2_000, 3_000, 4_000] {
      recorder.record(latency, sequence: 0, wake: 0)
    }
    var statistics = ThreadStatistics(
      index: 0, tid: 0, cpu: nil, policy: .other, priority: 0, interval: .zero)
    recorder.read(into: &statistics)
    #expect(statistics.histogram == [2, 2] && statistics.overflows == 3)
    #expect(recorder.firstOverflowCycles() == [4, 5])
  }
}
