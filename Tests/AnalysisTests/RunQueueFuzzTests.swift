import Analysis
import Testing
import TraceModel

/// Events that no kernel would write, in any order: the replay must not trap, whatever a damaged
/// trace says.
@Suite struct RunQueueFuzzTests {
  private static let stamps: [Int64] = [
    .min, -1, 0, 1, 999, 20_001, 1 << 32, .max / 2, .max / 2 + 2, .max - 1, .max,
  ]
  private static let tasks: [Int32] = [.min, -1, 0, 1, 7, 8, 9, 1 << 22, .max]
  private static let names = ["kworker/0:1", "kworker/u8:3", "hog", "", "ksoftirqd/0"]

  private func event(_ random: inout TimelineFuzzTests.Random) -> RunQueueEvent {
    let stamp =
      random.below(3) == 0
      ? Self.stamps[random.below(UInt64(Self.stamps.count))] : Int64(random.below(1 << 40))
    var event = RunQueueEvent(
      kind: RunQueueEvent.Kind(rawValue: UInt8(random.below(26))) ?? .switched, time: stamp,
      cpu: Int32(random.below(4)) - 1, pid: Self.tasks[random.below(9)])
    event.value = Self.stamps[random.below(UInt64(Self.stamps.count))]
    event.result = Self.stamps[random.below(UInt64(Self.stamps.count))]
    event.task = Self.tasks[random.below(9)]
    event.other = Self.tasks[random.below(9)]
    event.name = TaskName(Self.names[random.below(5)])
    event.otherName = TaskName(Self.names[random.below(5)])
    event.priority = Self.tasks[random.below(9)]
    event.otherPriority = Self.tasks[random.below(9)]
    event.target = [.min, -1, 0, 1, 2, 9, .max][random.below(7)]
    event.label = [.min, -1, 0, 1, .max][random.below(5)]
    event.flags = UInt8(truncatingIfNeeded: random.next())
    event.isRunnable = random.below(2) == 0
    event.isEnding = random.below(8) == 0
    return event
  }

  @Test(arguments: 1...12) func `events of any kind and time are survived`(seed: UInt64) {
    var random = TimelineFuzzTests.Random(state: seed &* 0x9e37_79b9_7f4a_7c15)
    let threshold = seed.isMultiple(of: 2) ? Nanoseconds.zero : Nanoseconds(10_000)
    var replay = RunQueueReplay(
      filter: RunQueueFilter(threshold: threshold), labels: LabelTable(),
      recordsChains: seed.isMultiple(of: 3), root: 7)
    var rows = 0
    for _ in 0..<20_000 {
      replay.apply(event(&random))
      for wait in replay.takeWaits() {
        #expect(wait.span.length >= .zero)
        rows += 1
      }
      rows += replay.takeDeferred().count + replay.takeWarnings().count
    }
    replay.finish()
    let summary = RunQueueSummary(replay)
    #expect(rows > 100)
    #expect(summary.events == 20_000 && summary.lostMarks > 0)
    #expect(replay.slowCalls.count + replay.polls.count + replay.deliveries.count >= 0)
  }

  @Test func `losses of more events than can be counted are counted as that many`() {
    var replay = RunQueueReplay(filter: RunQueueFilter(), labels: LabelTable())
    for time in 0..<3 {
      var lost = RunQueueEvent(kind: .lost, time: Int64(time), cpu: 0, pid: 0)
      lost.value = .max
      replay.apply(lost)
    }
    #expect(replay.lostEvents == .max && replay.lostMarks == 3)
  }
}
