internal import TraceModel

/// Reports a chain back from its end: who called, how that one came to run, who called it, to the
/// beginning of the span.
struct ChainBuilder {
  let recorder: ChainRecorder
  private static let deepest = 16

  /// The chain of a sleep that began at `start` and ended with `wait`.
  func chain(
    task: TaskIdentity, from start: Int64, wait: RunQueueWait, caller: ChainRecorder.Reference?
  ) -> WaitChain {
    let woken = max(start, wait.span.start.count)
    let end = max(woken, wait.span.end.count)
    var reversed = [
      WaitChain.Segment(
        kind: .waitedForCPU, task: task, work: nil, span: Self.span(woken, end), cpu: wait.cpu,
        behind: wait.behind, ends: "ran")
    ]
    var isTimeout = false
    if let waker = wait.waker, waker.context != .task {
      isTimeout = waker.isTimer
      reversed.append(
        WaitChain.Segment(
          kind: waker.isTimer ? .timeout : .device, task: task, work: nil,
          span: Self.span(start, woken), cpu: nil, ends: "\(waker.text) woke \(task.text)"))
    } else if var caller {
      if let waker = wait.waker { caller.name = TaskName(waker.task.comm) }
      reversed += back(from: start, to: woken, caller: caller, action: "woke \(task.text)")
    } else {
      reversed.append(Self.unknown(task, start, woken))
    }
    return WaitChain(
      task: task, span: Self.span(start, end),
      segments: reversed.reversed().filter { $0.span.length > .zero }, isTimeout: isTimeout)
  }

  /// What led to the action of `caller` at `end`, back to `start`; latest first.
  func back(
    from start: Int64, to end: Int64, caller: ChainRecorder.Reference, action: String
  ) -> [WaitChain.Segment] {
    var found: [WaitChain.Segment] = []
    var caller = caller
    var cursor = end
    var action = action
    for _ in 0..<Self.deepest where cursor > start {
      var node = recorder.nodes[caller.node]
      let task = identity(caller, node)
      if caller.context != 0 {
        found.append(
          WaitChain.Segment(
            kind: .device, task: task, work: nil, span: Self.span(start, cursor), cpu: nil,
            ends: "an interrupt \(action)"))
        return found
      }
      if let work = recorder.works[caller.work] {
        let item = work.item
        cursor = run(
          &found, task, node, from: max(start, item.started.count), to: cursor, work: item.name,
          action)
        let asked = max(start, item.asked.count)
        queueing(&found, item, from: asked, to: cursor)
        cursor = min(cursor, asked)
        if item.asked.count < start, let last = found.indices.last {
          found[last].askedBy = item.askedBy
          found[last].askedBefore = Nanoseconds(start) - item.asked
        }
        guard cursor > start, let queuer = work.queuer else { break }
        action = "queued \(item.name)"
        caller = queuer
        if caller.name.isEmpty { caller.name = TaskName(item.askedBy.comm) }
        continue
      }
      // Back over the task's own preemptions to what made it run at all.
      cursor = run(
        &found, task, node, from: max(start, node?.ran ?? start), to: cursor, work: nil, action)
      while let here = node, let wait = here.wait, wait.cause == .preempted, cursor > start {
        cursor = waited(&found, task, wait, start, cursor, work: nil)
        node = recorder.nodes[here.previous]
        cursor = run(
          &found, task, node, from: max(start, node?.ran ?? cursor), to: cursor, work: nil,
          "was preempted")
      }
      guard cursor > start, let here = node, let wait = here.wait else { break }
      cursor = waited(&found, task, wait, start, cursor, work: nil)
      guard cursor > start else { break }
      if let waker = wait.waker, waker.context != .task {
        found.append(
          WaitChain.Segment(
            kind: .slept, task: task, work: nil, span: Self.span(start, cursor), cpu: nil,
            ends: "\(waker.text) woke \(task.text)"))
        return found
      }
      guard var next = here.caller else { break }
      if let waker = wait.waker { next.name = TaskName(waker.task.comm) }
      action = "woke \(task.text)"
      caller = next
    }
    if cursor > start {
      found.append(
        Self.unknown(identity(caller, recorder.nodes[caller.node]), start, cursor))
    }
    return found
  }

  /// A stretch in which the task ran, with its preemptions; gives its start.
  private func run(
    _ found: inout [WaitChain.Segment], _ task: TaskIdentity, _ node: ChainRecorder.Node?,
    from start: Int64, to end: Int64, work: String?, _ action: String
  ) -> Int64 {
    guard end > start else { return min(start, end) }
    var cursor = end
    var node = node
    var action = action
    // Where the work began before the last time that it got the CPU, it was preempted or slept in
    // it.
    while work != nil, let here = node, here.ran > start, here.ran <= cursor, let wait = here.wait {
      found.append(
        WaitChain.Segment(
          kind: .ran, task: task, work: work, span: Self.span(here.ran, cursor), cpu: wait.cpu,
          ends: action))
      cursor = waited(&found, task, wait, start, here.ran, work: work)
      action = wait.cause == .preempted ? "was preempted" : "continued"
      guard wait.cause == .preempted else { break }
      node = recorder.nodes[here.previous]
    }
    if cursor > start {
      found.append(
        WaitChain.Segment(
          kind: .ran, task: task, work: work, span: Self.span(start, cursor),
          cpu: node?.wait?.cpu, ends: action))
    }
    return start
  }

  private func waited(
    _ found: inout [WaitChain.Segment], _ task: TaskIdentity, _ wait: RunQueueWait,
    _ start: Int64, _ cursor: Int64, work: String?
  ) -> Int64 {
    let from = max(start, min(wait.span.start.count, cursor))
    if cursor > from {
      found.append(
        WaitChain.Segment(
          kind: .waitedForCPU, task: task, work: work, span: Self.span(from, cursor),
          cpu: wait.cpu, behind: wait.behind, ends: "ran"))
    }
    return from
  }

  /// The time between queueing and running of a work item.
  private func queueing(
    _ found: inout [WaitChain.Segment], _ item: DeferredWait, from start: Int64, to end: Int64
  ) {
    guard end > start else { return }
    var cursor = end
    // The parts in the order that they usually have, from the end: the worker's wait is what came
    // last unless it did other work after it.
    func add(_ kind: WaitChain.Segment.Kind, _ length: Nanoseconds, _ ends: String) {
      let from = max(start, cursor - max(0, length.count))
      guard cursor > from else { return }
      found.append(
        WaitChain.Segment(
          kind: kind, task: item.runner, work: item.name, span: Self.span(from, cursor),
          cpu: kind == .waitedForCPU ? item.waitedCPU ?? item.cpu : item.cpu,
          behind: kind == .waitedForCPU ? item.behind : kind == .otherWork ? item.before : [],
          ends: ends))
      cursor = from
    }
    add(.otherWork, item.parts.otherWork, "started \(item.name)")
    add(.waitedForCPU, item.parts.waitedForCPU, "ran")
    add(.noWorker, item.parts.noWorker + item.parts.inactive, "a worker was woken")
    if cursor > start { add(.unknown, Nanoseconds(cursor - start), "") }
  }

  private func identity(
    _ reference: ChainRecorder.Reference, _ node: ChainRecorder.Node?
  ) -> TaskIdentity {
    if let task = node?.wait?.task, task.pid == reference.pid { return task }
    return TaskIdentity(pid: reference.pid, comm: reference.name.text)
  }

  private static func span(_ start: Int64, _ end: Int64) -> TimeSpan {
    TimeSpan(Nanoseconds(start), Nanoseconds(end))
  }

  private static func unknown(
    _ task: TaskIdentity, _ start: Int64, _ end: Int64
  ) -> WaitChain.Segment {
    WaitChain.Segment(
      kind: .unknown, task: task, work: nil, span: span(start, end), cpu: nil,
      ends: "(what came before is not recorded)")
  }
}
