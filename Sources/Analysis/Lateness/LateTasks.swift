import TraceModel

// What the rules of work items and page faults say of a stretch that is not a wakeup.

extension LateKworker {
  /// A work item waited for its worker: for the end of its wakeup, or for other work before it.
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    guard work.kind == .work else { return .nothing }
    let window = spike.sample.window
    let tid = spike.sample.task.pid
    let started = spike.event(at: window.end) {
      if case .workStart = $0.payload { $0.pid == tid } else { false }
    }
    guard let started, case .workStart(let item, let function) = started.payload else {
      return .nothing
    }
    let queued = spike.event(at: window.start) {
      if case .workQueue(item, _, _, _, _) = $0.payload { true } else { false }
    }
    let before = earlier(spike, window, of: tid)
    let waits = waits(spike, window, of: tid)
    let spans = Spans.merged(before.flatMap(\.spans) + waits.flatMap { [$0] })
    var text =
      "Work \(function.name) was queued \(window.length.microseconds) us before it began. "
    if let longest = before.first {
      text += "Its worker \(spike.sample.task.text) ran \(longest.name) before it for "
      text += "\(Spans.length(longest.spans).microseconds) us. "
    }
    let waited = Spans.length(waits)
    if waited >= spike.floor {
      text += "The worker waited \(waited.microseconds) us for a CPU"
      text += spike.mostlyRan.map { ", mostly behind \($0.name). " } ?? ". "
    }
    text += "WQ_HIGHPRI or an unbound workqueue (WQ_UNBOUND) can shorten this."
    return RuleOutcome(findings: [
      Finding(
        .lateKworker, name: function.name,
        confidence: spans.isEmpty || queued == nil ? .possible : .likely,
        spans: spans.isEmpty ? [window] : spans,
        evidence: (queued.map { [Evidence($0)] } ?? [])
          + before.prefix(2).compactMap { $0.event.map { Evidence($0) } } + [Evidence(started)],
        nextStep: text)
    ])
  }

  private struct Work {
    var name: String
    var spans: [TimeSpan]
    var event: TraceEvent?
  }

  /// What the worker executed before it, longest first.
  private func earlier(_ spike: SpikeCase, _ window: TimeSpan, of tid: Int32) -> [Work] {
    var found: [Work] = []
    for track in spike.timeline.cpus {
      var begin: TraceEvent?
      for event in track.events where event.pid == tid && event.time <= window.end {
        switch event.payload {
        case .workStart: begin = event
        case .workEnd(_, let named):
          guard let start = begin, case .workStart(_, let function) = start.payload,
            let part = TimeSpan(start.time, event.time).clipped(to: window), part.length > .zero
          else { continue }
          begin = nil
          let name = function.name.isEmpty ? named.name : function.name
          if let index = found.firstIndex(where: { $0.name == name }) {
            found[index].spans.append(part)
          } else {
            found.append(Work(name: name, spans: [part], event: start))
          }
        default: continue
        }
      }
    }
    return found.filter { Spans.length($0.spans) >= spike.floor }
      .sorted { Spans.length($0.spans) > Spans.length($1.spans) }
  }

  /// When the worker was woken and did not run.
  private func waits(_ spike: SpikeCase, _ window: TimeSpan, of tid: Int32) -> [TimeSpan] {
    var spans: [TimeSpan] = []
    var since: Nanoseconds?
    for event in spike.timeline.merged where event.time <= window.end {
      switch event.payload {
      case .waking(let wake), .wakeup(let wake), .wakeupNew(let wake):
        if wake.task.pid == tid, since == nil { since = event.time }
      case .switched(let change):
        if change.next.pid == tid, let start = since {
          if let part = TimeSpan(start, event.time).clipped(to: window) { spans.append(part) }
          since = nil
        } else if change.previous.pid == tid {
          since = change.previousState.isRunnable ? event.time : nil
        }
      default: continue
      }
    }
    return Spans.merged(spans)
  }
}

extension PageFault {
  /// The task slept for its own page: a fault was the last thing that it did.
  func examine(_ work: LateWork, of spike: SpikeCase) -> RuleOutcome {
    if work.kind == .stretch { return stretch(spike) }
    guard work.kind == .blocked else { return .nothing }
    let tid = spike.sample.task.pid
    let window = spike.sample.window
    let reach = TimeSpan(window.start - Nanoseconds(microseconds: 10_000), window.start)
    let own = spike.timeline[cpu: spike.sample.cpu]?.events(in: reach).filter {
      $0.pid == tid && !$0.context.inHardIRQ && !$0.context.inSoftIRQ
    }
    let left = own?.last {
      if case .switched(let change) = $0.payload { change.previous.pid == tid } else { false }
    }
    let last = own?.last { event in
      switch event.payload {
      case .pageFault, .syscallEnter, .syscallExit: true
      default: false
      }
    }
    let frames = left.map { spike.stack(of: $0).map { KernelFunctions.bare($0.symbol) } } ?? []
    let handler = frames.first(where: KernelFunctions.handlesFaults)
    var evidence: [Evidence] = []
    var name = handler ?? ""
    if case .pageFault(let user, let address, _)? = last?.payload, let last {
      name = "fault at 0x" + String(address, radix: 16) + (user ? "" : " (kernel)")
      evidence.append(Evidence(last))
    } else if handler == nil {
      return .nothing
    }
    if let left { evidence.append(Evidence(left, note: "blocked for the page")) }
    return RuleOutcome(findings: [
      Finding(
        .pageFault, name: name, confidence: .likely, spans: [window], evidence: evidence,
        nextStep: "\(spike.sample.task.text) faulted and slept "
          + "\(spike.sample.latency.microseconds) us for the page. Lock the memory (mlockall) and "
          + "touch it before it is needed.")
    ])
  }
}

extension PageFault {
  /// The functions that the task wrote around the stretch are those in which it handles a fault,
  /// and it waited in one.
  private func stretch(_ spike: SpikeCase) -> RuleOutcome {
    let tid = spike.sample.task.pid
    let window = spike.sample.window
    let reach = Nanoseconds(microseconds: 1_000)
    let around = spike.timeline[cpu: spike.sample.cpu]?
      .events(in: TimeSpan(window.start - reach, window.end + reach)).filter { $0.pid == tid }
    let calls = (around ?? []).compactMap { TracedCalls.call($0) }
    guard let before = calls.last(where: { $0.event.time <= window.start }),
      let handler = calls.first(where: { $0.event.time >= window.end && Self.isFault($0) })
        ?? calls.last(where: { Self.isFault($0) })
    else { return .nothing }
    // Where the next line has the same caller the wait was in that one.
    let next = calls.first { $0.event.time >= window.end }
    let name =
      next?.caller == before.caller && !before.caller.isEmpty ? before.caller : before.function
    let isWait =
      name.contains("page_locked") || name.contains("folio_wait") || name.contains("wait")
    return RuleOutcome(findings: [
      Finding(
        .pageFault, name: name, confidence: .likely, spans: [window],
        evidence: [Evidence(before.event)] + (next.map { [Evidence($0.event)] } ?? [])
          + [Evidence(handler.event, note: "page fault handler")],
        nextStep: "\(spike.sample.task.text) took a page fault and "
          + (isWait ? "waited " : "spent ") + "\(spike.sample.latency.microseconds) us in \(name)"
          + (name.contains("page_locked")
            ? ", for a page that was locked: migration or reclaim" : "")
          + ". Lock the memory (mlockall), touch it before the loop, and disable compaction and NUMA "
          + "balancing.")
    ])
  }

  private static func isFault(_ call: TracedCalls.Call) -> Bool {
    KernelFunctions.handlesFaults(call.function) || KernelFunctions.handlesFaults(call.caller)
  }
}

extension KernelFunctions {
  /// Functions in which a task handles its own page fault.
  static func handlesFaults(_ name: String) -> Bool {
    [
      "handle_mm_fault", "__handle_mm_fault", "do_page_fault", "exc_page_fault",
      "do_user_addr_fault",
      "asm_exc_page_fault", "do_translation_fault", "do_PrefetchAbort", "do_DataAbort",
      "do_swap_page",
      "filemap_fault", "do_mem_abort", "__do_page_fault",
    ].contains(name)
  }
}
