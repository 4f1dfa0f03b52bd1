import CRealtime
import Foundation
import Glibc
import Measurement
import Testing
import TraceModel

@Suite(.serialized) struct BreakTests {
  @Test func `a hit writes marker, tracing off and wake, in that order of meaning`() throws {
    let marker = TestPipe()
    let first = TestPipe()
    let second = TestPipe()
    let wake = bt_eventfd()
    defer { close(wake) }
    var plan = quickPlan(loops: 10_000, threshold: 1)
    plan.sampleCapacity = 64
    plan.warmupCycles = 3
    let engine = Engine(plan: plan)
    try engine.prepare()
    #expect(engine.hit == nil)
    engine.begin(
      BreakDescriptors(
        marker: marker.writing, tracingOn: [first.writing, second.writing], wake: wake))
    #expect(waitReadable(engine.wakeDescriptor) && waitReadable(wake))
    engine.join()
    let hit = try #require(engine.hit)
    let text = marker.marker(ready: 1...1)
    #expect(text == hit.marker.text)
    #expect(BreakMarker(text) == hit.marker)
    #expect(first.text() == "0" && second.text() == "0")
    #expect(hit.tid == engine.tids[0] && hit.comm == "breaktrace/0" && hit.policy == .other)
    #expect(hit.latency > Nanoseconds(microseconds: 1) && hit.threshold == Nanoseconds(1_000))
    #expect(hit.sample.window.length == hit.latency)
    // The thread ends at its hit: the last sample is the hit's.
    var samples: [MeasuredSample] = []
    engine.drainSamples(thread: 0) { samples.append($0) }
    #expect(
      samples.last
        == MeasuredSample(sequence: hit.sequence, latency: hit.latency, wake: hit.wake))
    #expect(samples.first?.sequence == 3)
    #expect(engine.statistics()[0].cycles == hit.sequence - 2)
    #expect(hit.usage.voluntarySwitches <= Int64(hit.sequence) - 2)
  }

  @Test func `of two threads that are late at once one takes the break`() throws {
    let marker = TestPipe()
    let tracing = TestPipe()
    for _ in 0..<20 {
      var plan = quickPlan(threads: 2, threshold: 0)
      plan.alignment = .common(offset: .zero)
      let engine = Engine(plan: plan)
      try engine.prepare()
      engine.begin(BreakDescriptors(marker: marker.writing, tracingOn: [tracing.writing]))
      engine.join()
      let hit = try #require(engine.hit)
      #expect(marker.marker(ready: 1...2) == hit.marker.text)
      #expect(tracing.text() == "0")
    }
  }

  @Test func `after rearm the next one is taken while measuring goes on`() throws {
    let marker = TestPipe()
    var plan = quickPlan(threads: 2, threshold: 0)
    plan.afterHit = .goOn
    let engine = Engine(plan: plan)
    try engine.prepare()
    engine.begin(BreakDescriptors(marker: marker.writing))
    var seen: Set<BreakMarker> = []
    for round in 0..<25 {
      #expect(waitReadable(engine.wakeDescriptor))
      let hit = try #require(engine.hit)
      usleep(1_500)
      // Further latencies above the threshold change nothing until then.
      #expect(engine.hit == hit)
      #expect(marker.marker(ready: round == 0 ? 1...2 : 0...1) == hit.marker.text)
      seen.insert(hit.marker)
      #expect(!engine.isFinished)
      #expect(engine.rearm())
    }
    engine.stop()
    engine.join()
    #expect(seen.count == 25)
    #expect(engine.statistics().allSatisfy { $0.cycles >= 25 })
  }

  @Test func `at the threshold is not above it, and without one nothing breaks`() throws {
    var plan = quickPlan(loops: 50, threshold: 10_000_000)
    #expect(try finished(plan).hit == nil)
    plan.breakThreshold = nil
    let engine = try finished(plan)
    #expect(engine.hit == nil && !engine.rearm())
  }
}
