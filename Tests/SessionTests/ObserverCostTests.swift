import Measurement
import Report
import Testing
import TraceModel

@testable import Session

struct ObserverCostTests {
  private func samples(_ before: [Int64], _ after: [Int64]) -> SelfTestSamples {
    var samples = SelfTestSamples()
    // The first four are cold, and left out.
    samples.before = ([999_999, 999_999, 999_999, 999_999] + before).map { Nanoseconds($0) }
    samples.after = ([999_999, 999_999, 999_999, 999_999] + after).map { Nanoseconds($0) }
    return samples
  }

  @Test func `what all wake-ups take longer is the cost`() throws {
    let before = (0..<28).map { 12_000 + Int64($0) * 10 }
    let facts = try #require(
      ObserverCost.facts(samples(before, before.map { $0 + 5_000 }), markerWrite: nil))
    #expect(facts.cost == Nanoseconds(5_000))
    #expect(facts.medianOff == Nanoseconds(12_140) && facts.wakeups == 28)
  }

  @Test func `what the machine did in one half is not the tracing's cost`() throws {
    let before = [Int64](repeating: 12_000, count: 28)
    // More than half of the wake-ups met a load: the lower quartile did not.
    let after = (0..<28).map { $0 < 10 ? Int64(16_000) : 300_000 }
    let facts = try #require(
      ObserverCost.facts(samples(before, after), markerWrite: Nanoseconds(2_000)))
    #expect(facts.medianOn == Nanoseconds(300_000))
    #expect(facts.cost == Nanoseconds(4_000))
    #expect(facts.markerWrite == Nanoseconds(2_000))
  }

  @Test func `more than the events of a wake-up can cost is no cost of tracing`() throws {
    let before = [Int64](repeating: 12_000, count: 28)
    for (added, isCost) in [(Int64(30_000), true), (4_000_000, false)] {
      let facts = try #require(
        ObserverCost.facts(
          samples(before, before.map { $0 + added }), markerWrite: Nanoseconds(500)))
      #expect(facts.cost == (isCost ? Nanoseconds(added) : nil))
    }
  }

  @Test func `tracing never costs less than nothing`() throws {
    let facts = try #require(
      ObserverCost.facts(
        samples([Int64](repeating: 20_000, count: 20), [Int64](repeating: 9_000, count: 20)),
        markerWrite: nil))
    #expect(facts.cost == .zero)
  }

  @Test func `a self-test that was cut short tells nothing`() {
    #expect(
      ObserverCost.facts(
        samples([Int64](repeating: 1, count: 20), [Int64](repeating: 1, count: 7)),
        markerWrite: nil) == nil)
    #expect(ObserverCost.facts(SelfTestSamples(), markerWrite: Nanoseconds(1)) == nil)
  }

  @Test func `a marker that cannot be written has no cost`() {
    #expect(ObserverCost.markerWrite(-1) == nil)
  }
}
