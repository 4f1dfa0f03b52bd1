public import Report
internal import TraceModel

/// All that is late in a trace, the first that a person would ask about first.
public struct LatenessList: Hashable, Sendable {
  /// The ones to ask about, most severe first.
  public internal(set) var candidates: [LatenessCandidate] = []
  /// The largest of each kind, also those that are not late.
  public internal(set) var largest: [LatenessCandidate] = []
  /// Events that were looked at.
  public internal(set) var events = 0
  /// Index in `candidates` of the one that is explained, nil for none.
  public internal(set) var explained: Int?

  /// Empty.
  init() {}

  /// Fewer events were chosen by somebody: what is in them is what they ask about.
  static let excerpt = 400

  /// Takes the largest stretches of a buffer; of several that show the same lateness the most
  /// severe one.
  init(_ ranked: [LatenessCandidate], events: Int) {
    self.events = events
    let isExcerpt = events < Self.excerpt
    // Where somebody chose the lines, what goes on at their end may have ended right after them.
    let sorted =
      isExcerpt ? ranked.filter { !$0.isOpen } + ranked.filter(\.isOpen) : ranked
    for candidate in sorted where isExcerpt || !candidate.isFirst {
      if !largest.contains(where: { $0.kind == candidate.kind }) { largest.append(candidate) }
      guard isExcerpt ? candidate.length > .zero : candidate.severity >= 1 else { continue }
      if !candidates.contains(where: { $0.isSame(as: candidate) }) { candidates.append(candidate) }
    }
  }

  /// Whether anybody was seen to wait for a CPU, late or not.
  var hasWaits: Bool { largest.contains { $0.kind == .wakeup || $0.kind == .preempted } }

  /// One line of the list: length, CPU, what.
  private static func row(_ number: String, _ candidate: LatenessCandidate) -> [String] {
    [
      number, us(candidate.length), seconds(candidate.span.start), "\(candidate.cpu)",
      candidate.kind.text, candidate.subject,
      candidate.typical.map(us) ?? "-",
    ]
  }

  /// The next ones as a document, nil where there are none; `command` gives the command for a
  /// number.
  public func rest(_ command: (Int) -> String) -> Document? {
    let next = candidates.indices.filter { $0 != explained }.prefix(5)
    guard !next.isEmpty else { return nil }
    let rows = next.map { Self.row("\($0 + 1)", candidates[$0]) }
    let lines = next.map { command($0 + 1) }
    return Document(
      subject: "breaktrace: other delays",
      headline: "Other delays in this trace, the most unusual first.",
      sections: [
        Document.Section(
          "Other delays",
          [
            .table(Document.Table(columns: Self.columns, rows: rows)),
            .paragraph("To explain one:"), .preformatted(lines),
          ])
      ])
  }

  /// Says that nothing is late, with the largest of each kind.
  public var nothing: Document {
    Document(
      subject: "breaktrace: nothing is late",
      headline: "Nothing in this trace is late: \(events) events, the largest of each kind:",
      sections: largest.isEmpty
        ? []
        : [
          Document.Section(
            "Largest of each kind",
            [
              .table(
                Document.Table(
                  columns: Self.columns,
                  rows: largest.enumerated().map { Self.row("\($0.offset + 1)", $0.element) }))
            ])
        ])
  }

  private static let columns = [
    Document.Table.Column("N", .right), Document.Table.Column("us", .right),
    Document.Table.Column("begin s", .right), Document.Table.Column("CPU", .right),
    Document.Table.Column("what"), Document.Table.Column("of"),
    Document.Table.Column("typical us", .right),
  ]

  private static func us(_ time: Nanoseconds) -> String {
    let tenths = time.count.magnitude / 100
    return (time.count < 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
  }

  private static func seconds(_ time: Nanoseconds) -> String {
    let micros = time.count.magnitude / 1_000
    let rest = "\(micros % 1_000_000)"
    return (time.count < 0 ? "-" : "") + "\(micros / 1_000_000)."
      + String(repeating: "0", count: 6 - rest.count) + rest
  }
}

extension LatenessCandidate {
  /// The task or the object, in words.
  public var subject: String {
    switch kind {
    case .wakeup, .preempted, .blocked, .timer, .irqsOff, .preemptOff:
      return victim.text + (isOpen ? " (to the end of the trace)" : "")
    case .softirq, .softirqRun: return name
    case .call: return "CPU \(origin) to CPU \(cpu), sent by \(victim.text)"
    case .work, .stretch: return name + " in " + victim.text
    case .handler: return name
    case .storm: return "\(name), \(count) times"
    }
  }

  /// The name of the object, empty for a task.
  var name: String {
    switch kind {
    case .softirq, .softirqRun: SoftirqVector.name(of: UInt32(clamping: number))
    case .handler, .storm: number < 0 ? what : "irq \(number) \(what)"
    default: what
    }
  }

  /// Whether both are the same stretch of the same task, or one is what the other one's thread
  /// waited for.
  ///
  /// A timer that is overdue together with anything else is late for the same reason.
  func isSame(as other: LatenessCandidate) -> Bool {
    if other.kind == .timer, let common = span.clipped(to: other.span),
      common.length.count >= other.length.count / 2
    {
      return true
    }
    guard victim.pid == other.victim.pid, victim.pid != 0 else { return false }
    guard let common = span.clipped(to: other.span) else { return false }
    return common.length.count >= min(length.count, other.length.count) / 2
  }
}
