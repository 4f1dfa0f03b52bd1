internal import TraceModel

/// Keeps how tasks lately came to run, so that a chain is known back from a long sleep.
///
/// Two rings of fixed size, addressed by ever-growing numbers: an old link is simply gone.
struct ChainRecorder {
  /// Who called, and how it came to run itself.
  struct Reference {
    var pid: Int32
    var name: TaskName
    /// 0 task, 1 interrupt, 2 softirq.
    var context: UInt8
    /// Handler, vector, or the softirq's number.
    var label: Int32
    var node: Int64
    var work: Int64
  }

  /// A stretch in which a task ran, with the wait before it.
  struct Node {
    var wait: RunQueueWait?
    var ran: Int64
    var caller: Reference?
    /// The task's stretch before, where it was only preempted.
    var previous: Int64
  }

  struct Work {
    var item: DeferredWait
    var queuer: Reference?
  }

  private struct Block {
    var start: Int64
    var woken: Int64?
    var caller: Reference?
    var waker: Waker?
  }

  private struct Call {
    var number: Int64
    var name: String
    var start: Int64
    var block: Block?
    var chains: [WaitChain] = []
  }

  /// A ring addressed by ever-growing numbers.
  struct Ring<Element> {
    private var elements: [Element] = []
    private(set) var next: Int64 = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func add(_ element: Element) -> Int64 {
      if elements.count < capacity {
        elements.append(element)
      } else {
        elements[Int(next % Int64(capacity))] = element
      }
      next += 1
      return next - 1
    }

    subscript(number: Int64) -> Element? {
      guard number >= 0, number < next, number >= next - Int64(capacity) else { return nil }
      return elements[Int(number % Int64(capacity))]
    }
  }

  private let root: Int32?
  private let threshold: Nanoseconds
  private(set) var tree: Set<Int32> = []
  private(set) var nodes = Ring<Node>(capacity: 65_536)
  private(set) var works = Ring<Work>(capacity: 8_192)
  private var current: [Int32: Int64] = [:]
  private var callers: [Int32: Reference] = [:]
  private var executing: [Int32: Int64] = [:]
  private var queuers: [Int64: Reference] = [:]
  private var calls: [Int32: Call] = [:]
  private var bursts: [Int32: PollBurst] = [:]
  var slowCalls: [SlowCall] = []
  var polls: [PollBurst] = []
  var deliveries: [Delivery] = []
  private static let most = 65_536
  private static let kept = 10_000

  init(root: Int32?, threshold: Nanoseconds) {
    self.root = root
    self.threshold = threshold
    if let root { tree = [root] }
  }

  /// Whether the task belongs to the command.
  func isObserved(_ pid: Int32) -> Bool { root == nil || tree.contains(pid) }

  /// Short waits may add up in a chain: those are looked at too.
  func wants(_ latency: Nanoseconds) -> Bool { latency.count >= threshold.count / 20 }

  mutating func forget() {
    callers.removeAll()
    queuers.removeAll()
    executing.removeAll()
    for pid in calls.keys { calls[pid]?.block = nil }
  }

  mutating func forked(_ event: RunQueueEvent) {
    if tree.contains(event.pid), tree.count < Self.most { tree.insert(event.task) }
  }

  mutating func ended(task: Int32) {
    if let burst = bursts.removeValue(forKey: task) { keep(burst) }
    calls[task] = nil
    current[task] = nil
    tree.remove(task)
  }

  // MARK: scheduler

  private func reference(_ pid: Int32, _ name: TaskName, _ context: UInt8, _ label: Int32)
    -> Reference
  {
    Reference(
      pid: pid, name: name, context: context, label: label, node: current[pid] ?? -1,
      work: executing[pid] ?? -1)
  }

  mutating func woken(_ event: RunQueueEvent, context: UInt8) {
    // The name comes with the wait; a reference by number is enough here.
    let caller = reference(event.pid, .none, context, 0)
    if callers.count > Self.most { callers.removeAll() }
    callers[event.task] = caller
    if calls[event.task]?.block != nil {
      calls[event.task]?.block?.woken = event.time
      calls[event.task]?.block?.caller = caller
    }
  }

  mutating func leaves(_ event: RunQueueEvent) {
    guard !event.isRunnable, calls[event.task] != nil, calls[event.task]?.block == nil else {
      return
    }
    calls[event.task]?.block = Block(start: event.time)
  }

  mutating func comes(_ event: RunQueueEvent, wait: RunQueueWait?) {
    let isPreempted = wait?.cause == .preempted
    let node = Node(
      wait: wait, ran: event.time, caller: isPreempted ? nil : callers[event.other],
      previous: isPreempted ? current[event.other] ?? -1 : -1)
    if current.count > Self.most { current.removeAll() }
    current[event.other] = nodes.add(node)
    guard let block = calls[event.other]?.block else { return }
    calls[event.other]?.block = nil
    guard event.time - block.start >= threshold.count, let wait else { return }
    let chain = ChainBuilder(recorder: self).chain(
      task: wait.task, from: block.start, wait: wait, caller: block.caller)
    calls[event.other]?.chains.append(chain)
    if let chains = calls[event.other]?.chains, chains.count > 4 {
      calls[event.other]?.chains = Array(
        chains.sorted { $0.span.length > $1.span.length }.prefix(4))
    }
  }

  // MARK: work

  mutating func queued(_ event: RunQueueEvent) {
    if queuers.count > Self.most { queuers.removeAll() }
    let context = EventContext(flags: event.flags, preemptCount: 0)
    queuers[event.value] = reference(event.pid, .none, context.inHardIRQ ? 1 : 0, 0)
  }

  mutating func started(_ event: RunQueueEvent, _ item: DeferredWait?) {
    let queuer = queuers.removeValue(forKey: event.value)
    executing[event.pid] = item.map { works.add(Work(item: $0, queuer: queuer)) }
  }

  mutating func ended(_ event: RunQueueEvent, _ item: DeferredWait?) {
    let work = executing.removeValue(forKey: event.pid) ?? -1
    guard let item, root != nil, isObserved(item.askedBy.pid), let end = item.ended,
      item.latency >= threshold || end - item.asked >= threshold
    else { return }
    let reference = Reference(
      pid: item.runner.pid, name: TaskName(item.runner.comm), context: 0, label: 0,
      node: current[item.runner.pid] ?? -1, work: work)
    var segments = ChainBuilder(recorder: self).back(
      from: item.asked.count, to: end.count, caller: reference, action: "done")
    segments.reverse()
    deliveries.append(Delivery(work: item, segments: segments))
    if deliveries.count > Self.kept { deliveries.removeFirst(Self.kept / 2) }
  }

  // MARK: syscalls

  mutating func entered(_ event: RunQueueEvent, label: String) {
    guard isObserved(event.pid) else { return }
    if calls.count > Self.most { calls.removeAll() }
    calls[event.pid] = Call(number: event.value, name: label, start: event.time)
  }

  mutating func left(_ event: RunQueueEvent, comm: String) {
    guard let call = calls.removeValue(forKey: event.pid) else { return }
    let task = TaskIdentity(pid: event.pid, comm: comm)
    let span = TimeSpan(Nanoseconds(call.start), Nanoseconds(event.time))
    if !call.chains.isEmpty {
      slowCalls.append(
        SlowCall(
          task: task, number: call.number, name: call.name, span: span, result: event.result,
          chains: call.chains))
      if slowCalls.count > Self.kept { slowCalls.removeFirst(Self.kept / 2) }
    }
    countPoll(call, event, task, span)
  }

  private mutating func countPoll(
    _ call: Call, _ event: RunQueueEvent, _ task: TaskIdentity, _ span: TimeSpan
  ) {
    if event.result == -11, call.chains.isEmpty {
      if var burst = bursts[event.pid], burst.number == call.number, burst.name == call.name {
        burst.count += 1
        burst.span = TimeSpan(burst.span.start, span.end)
        bursts[event.pid] = burst
      } else {
        if let other = bursts[event.pid] { keep(other) }
        bursts[event.pid] = PollBurst(
          task: task, number: call.number, name: call.name, span: span, count: 1, succeeded: false)
      }
    } else if var burst = bursts[event.pid], burst.number == call.number, burst.name == call.name {
      burst.succeeded = event.result >= 0
      keep(burst)
      bursts[event.pid] = nil
    }
  }

  private mutating func keep(_ burst: PollBurst) {
    guard burst.count >= 3 else { return }
    polls.append(burst)
    if polls.count > Self.kept { polls.removeFirst(Self.kept / 2) }
  }

  /// Ends what is open at the trace's end.
  mutating func finish() {
    for pid in bursts.keys.sorted() {
      if let burst = bursts[pid] { keep(burst) }
    }
    bursts.removeAll()
  }
}
