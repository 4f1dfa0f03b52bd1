internal import RingBuffer
internal import TraceModel

/// Searches the wakeups of raw pages without making events of them.
///
/// The records of a slice of time are walked CPU by CPU, the few that concern the wanted tasks are
/// kept and put in order: memory does not grow with the trace.
struct PageSearch: Sendable {
  private let decoder: TraceDecoder
  private let task: TaskSelector?
  /// Pages of the fullest CPU in one slice of time.
  private static let slicePages = 4_096

  init(_ decoder: TraceDecoder, task: TaskSelector?) {
    self.decoder = decoder
    self.task = task
  }

  /// Whether the trace holds the events that a search needs.
  static func isPossible(_ decoder: TraceDecoder) -> Bool {
    decoder.schema.schedSwitch != nil
      && (decoder.schema.schedWaking ?? decoder.schema.schedWakeup) != nil
  }

  /// Searches all of the trace; latencies are in units of its clock.
  func run(threshold: Nanoseconds?, limit: Int) -> WakeupSearch {
    var pairing = WakeupPairing(
      decoder, StreamSearch.Question(task: task, threshold: threshold, limit: limit))
    let parts = Parallel.cores
    let collectors = decoder.cpus.flatMap { cpu in
      (0..<parts).compactMap { StepCollector(decoder.schema, cpu: cpu, part: $0, task: task) }
    }
    for slice in slices(parts: parts) {
      Parallel.forEach(collectors) { $0.collect(decoder, in: slice[min($0.part, slice.count - 1)]) }
      let known = Set(collectors.flatMap(\.pids))
      for collector in collectors { collector.pids = Array(known) }
      var steps: [StepCollector.Step] = []
      for collector in collectors { steps += collector.steps }
      // Few enough to sort, and nearly in order.
      steps.sort { $0.time < $1.time }
      for step in steps { pairing.take(step, collectors) }
    }
    pairing.result.records = collectors.reduce(0) { $0 + $1.records }
    return pairing.result
  }

  /// Slices of time, each of a bounded number of pages, in as many parts.
  private func slices(parts: Int) -> [[TimeSpan]] {
    let all = TimeSpan(Nanoseconds(.min), Nanoseconds(.max))
    let indices = decoder.cpus.compactMap { decoder.pageIndex(cpu: $0) }
    let empty = [TimeSpan](repeating: TimeSpan(all.end, all.end), count: max(0, parts - 1))
    guard let fullest = indices.max(by: { $0.pages.count < $1.pages.count }),
      indices.allSatisfy(\.isOrdered), fullest.pages.count > 64
    else { return [[all] + empty] }
    let step = max(1, min(Self.slicePages, fullest.pages.count) / parts)
    var starts = stride(from: step, to: fullest.pages.count, by: step).map {
      fullest.pages[$0].start
    }
    starts.append(all.end)
    var from = all.start
    let spans = starts.map { end in
      defer { from = max(from, end) }
      return TimeSpan(from, end)
    }
    return stride(from: 0, to: spans.count, by: parts).map { first in
      let some = Array(spans[first..<min(first + parts, spans.count)])
      return some + empty.prefix(parts - some.count)
    }
  }
}
