import TraceModel

/// A call from another CPU, as a rule a TLB shootdown: another CPU made this one flush, or the code on this one waited
/// for the others to do it.
///
/// Evidence: on the victim the call-function vector with the function in it (csd:csd_function_entry), with the
/// sender's ipi event; on the initiator the wake-up's stack in a flush function that waits with need-resched set.
///
/// Refuted by: a call that took less than a tenth of the latency.
///
/// Next step: find the sender by its call site: munmap, mprotect and huge pages of the same process.
struct TLBShootdown: Rule {
  static let profile = RuleProfile(
    .tlbShootdown, needs: [.events(["csd:csd_function_entry"]), .switches], proof: [.wakeStack],
    best: .proven,
    takes:
      "the events csd:csd_function_entry (6.4 and later), ipi:ipi_send_cpumask (6.5 and later) "
      + "and irq_vectors:call_function_entry.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    RuleOutcome(findings: victim(spike) + initiator(spike))
  }

  private static func isFlush(_ name: String) -> Bool {
    name.contains("flush_tlb") || name.contains("tlbbatch_flush") || name.contains("tlb_flush")
  }

  private func victim(_ spike: SpikeCase) -> [Finding] {
    let window = spike.sample.window
    let calls = spike.replay.spans(in: window) { slice in
      if case .vector(let name) = slice.occupant { name.hasPrefix("call_function") } else { false }
    }
    var flushes: [TraceEvent] = []
    var spans: [TimeSpan] = []
    for call in calls {
      // The call under way at the expiry began before.
      let begin = call.start == window.start ? Nanoseconds(.min) : call.start
      let track = spike.timeline[cpu: spike.timerCPU]
      let entered = (track?.events(in: TimeSpan(begin, call.end)) ?? []).filter {
        if case .functionCallEntry = $0.payload { true } else { false }
      }
      let called = begin == call.start ? entered : Array(entered.suffix(1))
      guard !called.isEmpty else { continue }
      flushes += called
      spans.append(call)
    }
    guard Spans.length(spans) >= spike.floor, let first = flushes.first else { return [] }
    let target = first.cpu
    let near = TimeSpan(first.time - Nanoseconds(microseconds: 1_000), first.time)
    var sent: TraceEvent?
    for track in spike.timeline.cpus where track.cpu != target {
      let event = track.events(in: near).last {
        if case .ipiSend(let targets, _, _) = $0.payload { targets.contains(target) } else { false }
      }
      if let event, event.time > sent?.time ?? Nanoseconds(.min) { sent = event }
    }
    var name = "flush_tlb_func"
    if case .functionCallEntry(let function) = first.payload { name = function.name }
    if Self.isFlush(name), case .ipiSend(_, let callsite, _) = sent?.payload,
      !callsite.symbol.isEmpty
    {
      name = callsite.name
    }
    let who = sent.map { " by " + spike.names.task($0.pid, at: $0.time).text } ?? ""
    return [
      Finding(
        .tlbShootdown, name: name, confidence: .proven, spans: spans,
        evidence: (sent.map { [Evidence($0)] } ?? []) + flushes.prefix(2).map { Evidence($0) },
        nextStep: Self.isFlush(name)
          ? "CPU \(target) was made to flush its TLB\(who). Look for munmap, mprotect and "
            + "huge pages of a process that runs on both CPUs."
          : "CPU \(target) was made to run \(name)\(who). Look at what calls it, and at its length."
      )
    ]
  }

  private func initiator(_ spike: SpikeCase) -> [Finding] {
    guard let held = spike.held, held.pending != nil, let code = held.code,
      // tlb_flush_mmu itself frees the pages, which may take longer than any flush.
      let frame = code.frames.first(where: {
        Self.isFlush($0.symbol) && $0.symbol != "tlb_flush_mmu"
      })
    else { return [] }
    return [
      Finding(
        .tlbShootdown, name: frame.name, confidence: .likely, spans: held.spans,
        evidence: held.evidence(spike),
        nextStep: "\(held.blocker.text) waited in \(frame.text) for other CPUs to flush. Look at "
          + "what keeps interrupts off on these.")
    ]
  }
}
