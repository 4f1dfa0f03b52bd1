import TraceModel

/// The running task, or the measured thread itself, reclaimed or compacted memory.
///
/// Evidence: begin and end of direct reclaim or compaction (vmscan, compaction) by that task during
/// the wait.
///
/// Ruled out by: reclaim only by other tasks on other CPUs.
///
/// Next step: lock and touch memory before the loop, raise vm.min_free_kbytes, limit the memory of
/// the load.
struct MemoryReclaim: Rule {
  static let profile = RuleProfile(
    .memoryReclaim, needs: [.events(["vmscan:mm_vmscan_direct_reclaim_begin"])], best: .likely,
    takes: "the events vmscan:mm_vmscan_direct_reclaim_begin and _end, compaction:*.")

  private static let pairs = [
    "mm_vmscan_direct_reclaim_begin": "mm_vmscan_direct_reclaim_end",
    "mm_vmscan_memcg_reclaim_begin": "mm_vmscan_memcg_reclaim_end",
    "mm_compaction_begin": "mm_compaction_end",
  ]

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var findings: [Finding] = []
    if let held = spike.held {
      findings += reclaim(spike, by: held.blocker, in: held.spans)
    }
    findings += reclaim(spike, by: spike.sample.task, in: spike.ownSpans(in: spike.afterSwitch))
    return RuleOutcome(findings: findings)
  }

  private func reclaim(_ spike: SpikeCase, by task: TaskIdentity, in claimed: [TimeSpan])
    -> [Finding]
  {
    let margin = Nanoseconds(microseconds: 100_000)
    guard let first = claimed.first, let last = claimed.last else { return [] }
    let reach = TimeSpan(first.start - margin, last.end + margin)
    var begin: TraceEvent?
    var spans: [TimeSpan] = []
    var evidence: [Evidence] = []
    for event in spike.timeline[cpu: spike.cpu]?.events(in: reach) ?? [] {
      guard event.pid == task.pid, case .other(let other) = event.payload else { continue }
      if Self.pairs[other.name] != nil {
        begin = event
      } else if let open = begin, case .other(let opened) = open.payload,
        Self.pairs[opened.name] == other.name
      {
        let part = Spans.intersection(claimed, [TimeSpan(open.time, event.time)])
        if !part.isEmpty {
          spans += part
          evidence += [Evidence(open), Evidence(event)]
        }
        begin = nil
      }
    }
    guard Spans.length(spans) >= spike.floor else { return [] }
    return [
      Finding(
        .memoryReclaim, name: task.text, confidence: .likely, spans: spans,
        evidence: Array(evidence.prefix(4)),
        nextStep:
          "\(task.text) reclaimed memory directly. Keep more memory free (vm.min_free_kbytes), or "
          + "limit the memory of the load.")
    ]
  }
}
