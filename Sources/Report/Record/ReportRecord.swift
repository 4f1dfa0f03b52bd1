import Analysis
import TraceModel

/// A report as the JSON schema has it. Every face of a report is made from this value, so that none
/// can show what another could not.
struct ReportRecord: Encodable, Hashable, Sendable {
  struct Tool: Encodable, Hashable, Sendable {
    var name = "breaktrace"
    var version: String
  }

  var schema = 1
  var tool: Tool
  var spike: SpikeRecord
  var run: RunFacts?
  var machine: MachineFacts?
  var tunables: Tunables?
  var counters: CounterDeltas?
  var rtThreads: [RTThreadRecord]?
  var observer: ObserverRecord?
  var escalation: EscalationRecord?
  var attachments: [Attachment]
  var caveats: [String]

  private enum CodingKeys: String, CodingKey {
    case schema, tool, spike, run, machine, tunables, counters, observer, attachments, caveats
    case escalation
    case rtThreads = "rt_threads"
  }

  init(_ report: SpikeReport) {
    let facts = report.facts
    let analysis = report.analysis
    tool = Tool(version: report.toolVersion)
    spike = SpikeRecord(analysis, facts: facts)
    run = facts.run
    machine = facts.machine
    tunables = facts.tunables
    counters = facts.counters
    rtThreads = facts.rtThreads.map { rows in
      rows.map { RTThreadRecord($0, measured: analysis.sample) }
    }
    observer = facts.observer.map(ObserverRecord.init)
    escalation = facts.escalation.map(EscalationRecord.init)
    attachments = facts.attachments
    caveats = Self.caveats(analysis, facts)
  }

  private static func caveats(_ analysis: SpikeAnalysis, _ facts: ReportFacts) -> [String] {
    var list = [
      "The measured maximum is a lower bound. A longer run or another load may show a larger one.",
      "The fixed interval of the wakeups can miss sources that run in step with it.",
      "Only the path of a timer is measured. An application that waits for a device uses the path "
        + "of the IRQ thread.",
    ]
    if let trace = facts.trace, let outcome = trace.tracerOutcome {
      list.append(
        "Tracer \(trace.tracerGot ?? trace.tracerWanted ?? "") was armed, but has no section for this "
          + "window: \(outcome).")
    }
    if facts.run?.dmaLatencyHeld == .zero {
      list.append(
        "/dev/cpu_dma_latency was held at 0, so exits from deep idle states that the application "
          + "may see did not occur.")
      if case .guest? = facts.machine?.platform {
        list.append(
          "As a result, an idle guest polls instead of yielding the CPU, and the host may preempt it in "
            + "return. Compare with "
            + "\(facts.run?.commandLine ?? "breaktrace") --default-system")
      }
    }
    if let context = facts.context {
      if let others = context.otherTracing, !others.isEmpty {
        list.append("Other tools traced this kernel too: \(others.joined(separator: "; ")).")
      }
      if let tracer = context.ptracer, tracer > 0 {
        list.append(
          "Process \(tracer) traced breaktrace with ptrace (strace, a debugger), which delays its threads."
        )
      }
      if let trouble = context.clockTrouble, !trouble.isEmpty {
        list.append("The kernel log of this run contains: \(trouble)")
      }
    }
    return list
  }
}

/// A row of the real-time thread table with its place relative to the measured thread.
struct RTThreadRecord: Encodable, Hashable, Sendable {
  var row: RTThreadRow
  /// `above`, `equal`, `below`, or `measured` for the measured thread itself.
  var relation: String

  init(_ row: RTThreadRow, measured: WakeupSample) {
    self.row = row
    // Both numbers may come from a file, where they can be anything.
    func place(_ policy: SchedulingPolicy, _ priority: Int32) -> KernelPriority {
      KernelPriority(policy: policy, priority: min(max(priority, 0), 99))
    }
    let own = place(measured.policy ?? .other, measured.priority)
    let other = place(row.policy, row.priority)
    if row.tid == measured.task.pid {
      relation = "measured"
    } else if other == own {
      relation = "equal"
    } else {
      relation = other.outranks(own) ? "above" : "below"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case relation
  }

  func encode(to encoder: any Encoder) throws {
    try row.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(relation, forKey: .relation)
  }
}

/// The observer's medians with their difference.
struct ObserverRecord: Encodable, Hashable, Sendable {
  var facts: ObserverFacts
  var cost: Nanoseconds?

  init(_ facts: ObserverFacts) {
    self.facts = facts
    cost = facts.cost
  }

  private enum CodingKeys: String, CodingKey {
    case cost = "cost_ns"
  }

  func encode(to encoder: any Encoder) throws {
    try facts.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(cost, forKey: .cost)
  }
}
