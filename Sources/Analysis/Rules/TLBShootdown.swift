import TraceModel

/// A call from another CPU, usually a TLB shootdown: another CPU made this one flush, or code on
/// this CPU waited for the other CPUs to do so.
///
/// Evidence: on the target the call-function vector with its function (csd:csd_function_entry), and
/// the ipi event of the sender. On the sender the stack of the wakeup in a flush function that
/// waits with need-resched set.
///
/// Ruled out by: a call that took less than a tenth of the latency.
///
/// Next step: find the sender by its call site: munmap, mprotect or huge pages of the same process.
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

  /// The calls of one function from other CPUs.
  private struct Calls {
    var name: String
    var spans: [TimeSpan] = []
    var entries: [TraceEvent] = []
  }

  /// The calls that this CPU ran, by function; one interrupt may serve several.
  private func calls(_ spike: SpikeCase) -> [Calls] {
    let served = spike.replay.spans(in: spike.sample.window) { slice in
      if case .vector(let name) = slice.occupant { name.hasPrefix("call_function") } else { false }
    }
    let track = spike.timeline[cpu: spike.timerCPU]
    var found: [Calls] = []
    for span in served {
      // The call under way at its start began before: at the expiry, or before an interrupt on top
      // of it.
      let before = track?.events(in: TimeSpan(Nanoseconds(.min), span.start)).last {
        switch $0.payload {
        case .functionCallEntry: true
        case .vectorEntry(let name, _): name.hasPrefix("call_function")
        default: false
        }
      }
      var entries = (track?.events(in: span) ?? []).filter { $0.time > span.start }
        .filter { if case .functionCallEntry = $0.payload { true } else { false } }
      if let before, case .functionCallEntry = before.payload { entries.insert(before, at: 0) }
      for (index, entry) in entries.enumerated() {
        guard case .functionCallEntry(let function) = entry.payload else { continue }
        let own = TimeSpan(
          index == 0 ? span.start : entry.time,
          index + 1 < entries.count ? entries[index + 1].time : span.end)
        let place = found.firstIndex { $0.name == function.name } ?? found.endIndex
        if place == found.endIndex { found.append(Calls(name: function.name)) }
        found[place].spans.append(own)
        if !found[place].entries.contains(entry) { found[place].entries.append(entry) }
      }
    }
    return found
  }

  private func victim(_ spike: SpikeCase) -> [Finding] {
    calls(spike).compactMap { call in
      guard Spans.length(call.spans) >= spike.floor, let first = call.entries.first else {
        return nil
      }
      let target = first.cpu
      let near = TimeSpan(first.time - Nanoseconds(microseconds: 1_000), first.time)
      var sent: TraceEvent?
      for track in spike.timeline.cpus where track.cpu != target {
        let event = track.events(in: near).last {
          if case .ipiSend(let targets, _, _) = $0.payload {
            targets.contains(target)
          } else {
            false
          }
        }
        if let event, event.time > sent?.time ?? Nanoseconds(.min) { sent = event }
      }
      var name = call.name
      if Self.isFlush(name), case .ipiSend(_, let callsite, _) = sent?.payload,
        !callsite.symbol.isEmpty
      {
        name = callsite.name
      }
      let who = sent.map { " by " + spike.names.task($0.pid, at: $0.time).text } ?? ""
      return Finding(
        .tlbShootdown, name: name, confidence: .proven, spans: call.spans,
        evidence: (sent.map { [Evidence($0)] } ?? []) + call.entries.prefix(2).map { Evidence($0) },
        nextStep: Self.isFlush(call.name)
          ? "CPU \(target) had to flush its TLB\(who). Check for munmap, mprotect and huge pages in a "
            + "process that runs on both CPUs."
          : "CPU \(target) had to run \(name)\(who). Check what calls it, and how long it runs."
      )
    }
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
        nextStep:
          "\(held.blocker.text) waited in \(frame.text) for other CPUs to flush their TLBs. "
          + "Check what disables IRQs on these.")
    ]
  }
}
