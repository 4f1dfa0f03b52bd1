import FoundationEssentials

/// Everything that a report says besides the verdict; each part may be missing.
///
/// A bundle and the trace.dat in it carry this value as JSON, so that a recorded spike is reported
/// as the live one was.
public struct ReportFacts: Codable, Hashable, Sendable {
  /// The run.
  public var run: RunFacts?
  /// The machine.
  public var machine: MachineFacts?
  /// Kernel settings.
  public var tunables: Tunables?
  /// Growth of counters.
  public var counters: CounterDeltas?
  /// Real-time threads of the machine.
  public var rtThreads: [RTThreadRow]?
  /// How the trace was recorded.
  public var trace: TraceFacts?
  /// What the tracing costs.
  public var observer: ObserverFacts?
  /// A latency tracer's section.
  public var tracerSection: TracerSection?
  /// The steps of an escalating run up to this spike.
  public var escalation: EscalationFacts?
  /// Files of the bundle.
  public var attachments: [Attachment]
  /// What the analysis was given about the machine and the run.
  public var context: ContextRecord?

  /// Makes facts of which none is known.
  public init() { attachments = [] }

  private enum CodingKeys: String, CodingKey {
    case run, machine, tunables, counters, trace, observer, attachments, context
    case escalation
    case rtThreads = "rt_threads"
    case tracerSection = "tracer_section"
  }

  /// Reads facts back from the text that `json` gave.
  public init(json text: String) throws(ReportError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
    } catch {
      throw ReportError(
        operation: "read", subject: "the facts of a recorded run", reason: "\(error)",
        hint: "the bundle may be damaged or written by a newer version, but the trace can be "
          + "analysed without them")
    }
  }

  /// The facts as JSON with sorted keys; equal facts give equal bytes.
  public var json: String { get throws(ReportError) { try StableJSON.text(self) } }

  /// The facts as JSON on one line without a line end, as a trace.dat carries them.
  public var line: String {
    get throws(ReportError) { String(try StableJSON.text(self, isCompact: true).dropLast()) }
  }
}
