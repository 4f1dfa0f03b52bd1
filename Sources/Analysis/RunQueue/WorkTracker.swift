internal import TraceModel

/// Follows work items from queueing to their end, and softirqs from being raised to being run.
struct WorkTracker {
  private struct Item {
    var function: Int32
    var asked: Int64
    var activated: Int64?
    var askedBy: TaskIdentity
  }

  private struct Span {
    var start: Int64
    var end: Int64
    var row: RunQueueWait?
    /// The function that it spent most time with, or 0.
    var label: Int32 = 0
    /// A softirq's vector, -1 for a work item.
    var vector: Int32 = -1
    /// The longest of its functions so far.
    var longest: Int64 = 0
  }

  private struct Function {
    var label: Int32
    var start: Int64
  }

  private struct Worker {
    var waits: [Span] = []
    var executions: [Span] = []
    var current: DeferredWait?
    var currentWork: Int64 = 0
  }

  /// Statistics by function or vector.
  private(set) var statistics: [String: LatencyStatistics] = [:]
  /// Shorter latencies are counted, but not kept.
  var threshold = Nanoseconds.zero
  private var items: [Int64: Item] = [:]
  private var workers: [Int32: Worker] = [:]
  private var raised: [Int64: (time: Int64, by: TaskIdentity)] = [:]
  private var running: [Int32: [Span]] = [:]
  private var open: [Int32: DeferredWait] = [:]
  private var inFunction: [Int32: Function] = [:]
  private var done: [DeferredWait] = []
  private static let most = 65_536
  private static let remembered = 16

  mutating func take() -> [DeferredWait] {
    defer { done.removeAll(keepingCapacity: true) }
    return done
  }

  /// Events were lost: what is open may have ended unseen.
  mutating func forget() {
    items.removeAll()
    raised.removeAll()
    open.removeAll()
    inFunction.removeAll()
    workers.removeAll()
  }

  // MARK: the workers' waits

  mutating func waited(_ pid: Int32, from start: Int64, to end: Int64) {
    if workers.count > Self.most { workers.removeAll() }
    workers[pid, default: Worker()].waits.append(Span(start: start, end: end))
    if let count = workers[pid]?.waits.count, count > Self.remembered {
      workers[pid]?.waits.removeFirst(count - Self.remembered)
    }
  }

  mutating func explained(_ pid: Int32, _ row: RunQueueWait) {
    guard let last = workers[pid]?.waits.indices.last else { return }
    workers[pid]?.waits[last].row = row
  }

  // MARK: work items

  mutating func queue(_ event: RunQueueEvent, by task: TaskIdentity) {
    if items.count > Self.most { items.removeAll() }
    items[event.value] = Item(
      function: event.label, asked: event.time, activated: nil, askedBy: task)
  }

  mutating func activate(_ event: RunQueueEvent) {
    items[event.value]?.activated = event.time
  }

  /// The item that begins to run; nil where its queueing was not seen.
  mutating func start(
    _ event: RunQueueEvent, worker: TaskIdentity, labels: LabelTable
  ) -> DeferredWait? {
    var state = workers[worker.pid] ?? Worker()
    defer { workers[worker.pid] = state }
    state.currentWork = event.value
    state.executions.append(Span(start: event.time, end: .max, label: event.label))
    if state.executions.count > Self.remembered { state.executions.removeFirst() }
    state.current = nil
    guard let item = items.removeValue(forKey: event.value), item.asked <= event.time else {
      return nil
    }
    var wait = DeferredWait(
      kind: .work, name: labels.text(event.label != 0 ? event.label : item.function),
      askedBy: item.askedBy, asked: Nanoseconds(item.asked),
      activated: item.activated.map { Nanoseconds($0) }, started: Nanoseconds(event.time),
      ended: nil, runner: worker, cpu: Int(event.cpu), parts: .init(), behind: [])
    let before = state.executions.dropLast()
    divide(&wait, waits: state.waits, executions: Array(before), labels: labels)
    state.current = wait
    return wait
  }

  /// The item that ends; nil where its queueing was not seen.
  mutating func end(_ event: RunQueueEvent) -> DeferredWait? {
    guard var state = workers[event.pid], state.currentWork == event.value else { return nil }
    defer { workers[event.pid] = state }
    if let last = state.executions.indices.last { state.executions[last].end = event.time }
    guard var wait = state.current else { return nil }
    state.current = nil
    wait.ended = Nanoseconds(event.time)
    finish(wait)
    return wait
  }

  private mutating func finish(_ wait: DeferredWait) {
    if statistics.count < 4_096 || statistics[wait.name] != nil {
      statistics[wait.name, default: LatencyStatistics()].add(wait.latency)
    }
    if wait.latency >= threshold { done.append(wait) }
  }

  /// Divides the time between asking and running.
  private func divide(
    _ wait: inout DeferredWait, waits: [Span], executions: [Span], labels: LabelTable
  ) {
    let start = wait.asked.count
    let end = wait.started.count
    let limit = wait.activated.map { min(max($0.count, start), end) } ?? start
    // Where stamps go back the stretches overlap: their sums saturate.
    func overlap(_ a: Int64, _ b: Int64) -> Nanoseconds {
      Nanoseconds(max(0, min(b, end) - max(a, limit)))
    }
    var waited = Nanoseconds.zero
    var other = Nanoseconds.zero
    var longest = Nanoseconds.zero
    for span in waits {
      let part = overlap(span.start, span.end)
      waited += part
      if part > longest {
        longest = part
        wait.behind = span.row?.behind ?? []
        wait.waitedCPU = span.row?.cpu
      }
    }
    for execution in executions {
      var part = overlap(execution.start, execution.end)
      for span in waits {
        part -= overlap(
          max(span.start, execution.start),
          max(max(span.start, execution.start), min(span.end, execution.end)))
      }
      guard part > .zero else { continue }
      other += part
      wait.before.append(entry(execution, part, wait.runner, labels))
    }
    let length = Nanoseconds(end - limit)
    waited = min(waited, length)
    other = min(max(.zero, other), length - waited)
    wait.parts.inactive = Nanoseconds(limit - start)
    wait.parts.waitedForCPU = waited
    wait.parts.otherWork = other
    wait.parts.noWorker = length - waited - other
  }

  private func entry(
    _ execution: Span, _ net: Nanoseconds, _ runner: TaskIdentity, _ labels: LabelTable
  ) -> BehindEntry {
    if execution.vector < 0 {
      return BehindEntry(
        kind: .work, name: labels.text(execution.label), pid: runner.pid, net: net,
        count: 1)
    }
    let function = execution.label == 0 ? "" : " " + labels.text(execution.label)
    return BehindEntry(
      kind: .softirq, name: SoftirqVector.name(of: UInt32(bitPattern: execution.vector)) + function,
      pid: execution.vector, net: net, count: 1)
  }

  // MARK: softirqs

  private static func key(_ event: RunQueueEvent) -> Int64 {
    Int64(event.cpu) << 32 | Int64(UInt32(bitPattern: event.target))
  }

  mutating func raise(_ event: RunQueueEvent) {
    // Raised again while it waits: the first one counts.
    if raised[Self.key(event)] == nil {
      raised[Self.key(event)] = (event.time, TaskIdentity(pid: event.pid, comm: ""))
    }
  }

  mutating func enter(_ event: RunQueueEvent, runner: TaskIdentity, labels: LabelTable) {
    var spans = running[event.cpu] ?? []
    defer {
      spans.append(Span(start: event.time, end: .max, vector: event.target))
      if spans.count > Self.remembered { spans.removeFirst() }
      running[event.cpu] = spans
    }
    guard let asked = raised.removeValue(forKey: Self.key(event)), asked.time <= event.time else {
      return
    }
    var wait = DeferredWait(
      kind: .softirq, name: SoftirqVector.name(of: UInt32(bitPattern: event.target)),
      askedBy: asked.by, asked: Nanoseconds(asked.time), activated: nil,
      started: Nanoseconds(event.time), ended: nil, runner: runner, cpu: Int(event.cpu),
      parts: .init(), behind: [])
    divide(
      &wait, waits: workers[runner.pid]?.waits ?? [], executions: spans, labels: labels)
    open[event.cpu] = wait
  }

  mutating func exit(_ event: RunQueueEvent) {
    if let last = running[event.cpu]?.indices.last { running[event.cpu]?[last].end = event.time }
    inFunction[event.cpu] = nil
    guard var wait = open.removeValue(forKey: event.cpu) else { return }
    wait.ended = Nanoseconds(event.time)
    wait.functions.sort { $0.net > $1.net }
    finish(wait)
  }

  mutating func enterFunction(_ event: RunQueueEvent) {
    inFunction[event.cpu] = Function(label: event.label, start: event.time)
  }

  mutating func exitFunction(_ event: RunQueueEvent, labels: LabelTable) {
    guard let function = inFunction.removeValue(forKey: event.cpu) else { return }
    let length = max(0, event.time - function.start)
    if let last = running[event.cpu]?.indices.last,
      let longest = running[event.cpu]?[last].longest, length >= longest
    {
      running[event.cpu]?[last].longest = length
      running[event.cpu]?[last].label = function.label
    }
    guard var functions = open[event.cpu]?.functions else { return }
    let name = labels.text(function.label)
    if let known = functions.firstIndex(where: { $0.name == name }) {
      functions[known].net += Nanoseconds(length)
      functions[known].count += 1
    } else if functions.count < Self.remembered {
      functions.append(
        BehindEntry(
          kind: .work, name: name, pid: event.pid, net: Nanoseconds(length), count: 1))
    }
    open[event.cpu]?.functions = functions
  }
}
