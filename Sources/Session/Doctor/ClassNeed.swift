import Report
import Tracefs

/// One thing without which a class of causes cannot be named with a certain confidence.
struct ClassNeed: Sendable {
  /// What it is, as the evidence that is there.
  var text: String
  /// What would provide it: one kernel option, boot option, privilege or circumstance.
  var remedy: String
  /// Events that it stands for.
  var events: [String] = []
  /// Whether it is there.
  var isMet: @Sendable (DoctorEvidence) -> Bool

  /// All of the events.
  static func events(_ names: String..., remedy: String = "a kernel that has them") -> ClassNeed {
    ClassNeed(
      text: "events \(names.joined(separator: " "))", remedy: remedy, events: names,
      isMet: { evidence in names.allSatisfy(evidence.has(event:)) })
  }

  /// Any one of the events; the names that are meant by `text`.
  static func anyEvent(_ names: String..., remedy: String) -> ClassNeed {
    ClassNeed(
      text: "events \(names.joined(separator: " or "))", remedy: remedy,
      isMet: { evidence in names.contains(where: evidence.has(event:)) })
  }

  /// Any one of the tracers.
  static func tracer(_ names: String..., remedy: String) -> ClassNeed {
    ClassNeed(
      text: "tracer \(names.joined(separator: " or "))", remedy: remedy,
      isMet: { evidence in names.contains(where: evidence.has(tracer:)) })
  }

  /// The named stack of what a wake-up interrupts.
  static let stack = ClassNeed(
    text: "the stack of the interrupted code", remedy: "CONFIG_STACKTRACE with CONFIG_KALLSYMS",
    isMet: { ($0.capabilities?.triggers.contains("stacktrace") ?? false) && $0.hasSymbols })

  /// A counter.
  static func counter(_ key: String, _ text: String, remedy: String) -> ClassNeed {
    ClassNeed(text: text, remedy: remedy, isMet: { $0.counters.contains(key) })
  }

  /// Something about the machine.
  static func fact(
    _ text: String, remedy: String, _ isMet: @escaping @Sendable (DoctorEvidence) -> Bool
  ) -> ClassNeed {
    ClassNeed(text: text, remedy: remedy, isMet: isMet)
  }

  /// Something that no kernel setting provides.
  static func never(_ remedy: String) -> ClassNeed {
    ClassNeed(text: remedy, remedy: remedy, isMet: { _ in false })
  }
}
