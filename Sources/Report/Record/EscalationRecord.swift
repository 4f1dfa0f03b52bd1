import TraceModel

/// The `escalation` object of the JSON schema: the steps and which of them decided.
struct EscalationRecord: Encodable, Hashable, Sendable {
  var budget: Nanoseconds
  var steps: [EscalationFacts.Step]
  /// Number of the step whose verdict is the best founded.
  var decided: Int?

  private enum CodingKeys: String, CodingKey {
    case steps, decided
    case budget = "budget_ns"
  }

  init(_ facts: EscalationFacts) {
    budget = facts.budget
    steps = facts.steps
    decided = facts.deciding?.number
  }
}

extension SpikeDocument {
  var escalation: Section? {
    guard let escalation = record.escalation else { return nil }
    var text =
      "After each spike without a proven cause, the next one was traced with more detail, at a cost of "
      + "at most \(Quantity.us(escalation.budget)) us per median wakeup."
    if let decided = escalation.decided { text += " Step \(decided) was decisive." }
    let table = Document.Table(
      columns: [
        Column("step", .right), Column("traced"), Column("cost us", .right),
        Column("spike us", .right), Column("verdict"),
      ],
      rows: escalation.steps.map { step in
        [
          "\(step.number)", step.traced, step.cost.map(Quantity.us) ?? "-",
          step.latency.map(Quantity.us) ?? "-", Self.verdict(of: step),
        ]
      })
    return Section("Escalation", [.paragraph(text), .table(table)])
  }

  private static func verdict(of step: EscalationFacts.Step) -> String {
    if let skipped = step.skipped { return "skipped, \(skipped)" }
    guard let culprit = step.culprit, let confidence = step.confidence else { return "no spike" }
    let name = step.name.map { $0.isEmpty ? "" : " \($0)" } ?? ""
    return "\(culprit)\(name), \(confidence)"
  }
}
