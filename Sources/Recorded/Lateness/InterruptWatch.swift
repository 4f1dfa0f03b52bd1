internal import Analysis
internal import TraceModel

/// Follows the interrupts of one CPU: how long each handler runs, and whether one device gives no
/// rest.
struct InterruptWatch {
  /// The interrupts of one number, one after the other without a longer pause.
  private struct Burst {
    var irq: Int32
    var label: Int32
    var begin: Int64
    var last: Int64
    var entered: Int64
    var isOpen: Bool
    var count: UInt64 = 1
    var busy: Int64 = 0
  }

  /// A longer pause than this ends a burst.
  private static let pause: Int64 = 500_000
  /// Fewer are not a storm.
  private static let least: UInt64 = 20
  private static let most = 16

  private var bursts: [Burst] = []
  private var vectors: [(label: Int32, time: Int64)] = []

  /// irq_handler_entry; gives the storm that had ended before.
  @_optimize(speed) mutating func entered(_ event: RunQueueEvent) -> LatenessCandidate? {
    var ended: LatenessCandidate?
    guard let index = bursts.firstIndex(where: { $0.irq == event.target }) else {
      if bursts.count >= Self.most {
        let oldest = bursts.indices.min { bursts[$0].last < bursts[$1].last } ?? 0
        ended = storm(bursts.remove(at: oldest), event.cpu)
      }
      bursts.append(
        Burst(
          irq: event.target, label: event.label, begin: event.time, last: event.time,
          entered: event.time, isOpen: true))
      return ended
    }
    if event.time &- bursts[index].last > Self.pause {
      ended = storm(bursts[index], event.cpu)
      bursts[index].begin = event.time
      bursts[index].count = 0
      bursts[index].busy = 0
    }
    bursts[index].count &+= 1
    bursts[index].last = event.time
    bursts[index].entered = event.time
    bursts[index].isOpen = true
    return ended
  }

  /// irq_handler_exit; gives entry and name of the handler.
  @_optimize(speed) mutating func left(_ event: RunQueueEvent) -> (entered: Int64, label: Int32)? {
    guard let index = bursts.firstIndex(where: { $0.irq == event.target && $0.isOpen }) else {
      return nil
    }
    bursts[index].isOpen = false
    bursts[index].last = max(bursts[index].last, event.time)
    bursts[index].busy &+= max(0, event.time &- bursts[index].entered)
    return (bursts[index].entered, bursts[index].label)
  }

  /// An interrupt's entry by its vector's own event.
  @_optimize(speed) mutating func enteredVector(_ event: RunQueueEvent) {
    if vectors.count >= 8 { vectors.removeFirst() }
    vectors.append((event.label, event.time))
  }

  /// Its exit; gives its entry.
  @_optimize(speed) mutating func leftVector(_ event: RunQueueEvent) -> Int64? {
    guard let index = vectors.lastIndex(where: { $0.label == event.label }) else { return nil }
    let time = vectors[index].time
    vectors.removeSubrange(index...)
    return time
  }

  /// Events were lost, or the trace ends; gives the storms up to here.
  mutating func finish(_ cpu: Int32) -> [LatenessCandidate] {
    let storms = bursts.compactMap { storm($0, cpu) }
    bursts = []
    vectors = []
    return storms
  }

  private func storm(_ burst: Burst, _ cpu: Int32) -> LatenessCandidate? {
    let length = burst.last &- burst.begin
    guard burst.count >= Self.least, length > 0 else { return nil }
    var candidate = LatenessCandidate(
      kind: .storm, span: TimeSpan(Nanoseconds(burst.begin), Nanoseconds(burst.last)),
      cpu: Int(cpu), victim: TaskIdentity(pid: 0, comm: ""), priority: KernelPriority(120))
    candidate.number = Int64(burst.irq)
    candidate.origin = Int(burst.label)
    candidate.count = burst.count
    candidate.busy = burst.busy / max(length / 1_000, 1)
    return candidate
  }
}
