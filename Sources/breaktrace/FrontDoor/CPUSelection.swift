import TraceModel

/// A set of CPUs as the user wrote it; which ones it names depends on the CPUs that there are.
enum CPUSelection: Hashable, Sendable {
  /// Every CPU that may be used (`all`).
  case all
  /// These (`0-3,5`).
  case only(CPUSet)
  /// Every CPU that may be used but these (`!2`).
  case except(CPUSet)
  /// By position among the CPUs that may be used (`+0-1` are the first two).
  case relative(CPUSet)

  /// Reads the notation of libnuma; nil where the text is none, or names no CPU.
  init?(_ text: some StringProtocol) {
    if text == "all" {
      self = .all
      return
    }
    let sign = text.first
    let body = sign == "!" || sign == "+" ? text.dropFirst() : text[...]
    guard let set = CPUSet(list: body), !set.isEmpty else { return nil }
    switch sign {
    case "!": self = .except(set)
    case "+": self = .relative(set)
    default: self = .only(set)
    }
  }

  /// The notation that the initialiser reads.
  var text: String {
    switch self {
    case .all: "all"
    case .only(let set): set.list
    case .except(let set): "!" + set.list
    case .relative(let set): "+" + set.list
    }
  }

  /// The CPUs that are meant where `available` may be used.
  ///
  /// Throws where a named CPU is not there, or none is left; `label` names the option in messages.
  func resolved(in available: CPUSet, label: String) throws(UsageError) -> CPUSet {
    let chosen: CPUSet
    switch self {
    case .all: chosen = available
    case .only(let set):
      try Self.check(set, in: available, label)
      chosen = set
    case .except(let set):
      try Self.check(set, in: available, label)
      chosen = CPUSet(available.cpus.filter { !set.contains($0) })
    case .relative(let set):
      guard let last = set.cpus.last, last < available.count else {
        throw UsageError(
          label, "`\(text)` asks for more CPUs than there are",
          hint: "\(available.count) may be used")
      }
      chosen = CPUSet(set.cpus.map { available.cpus[$0] })
    }
    guard !chosen.isEmpty else { throw UsageError(label, "`\(text)` leaves no CPU") }
    return chosen
  }

  private static func check(_ set: CPUSet, in available: CPUSet, _ label: String)
    throws(UsageError)
  {
    let missing = CPUSet(set.cpus.filter { !available.contains($0) })
    guard missing.isEmpty else {
      throw UsageError(
        label, "CPU \(missing.list) is not there or not allowed",
        hint: "CPUs that may be used: \(available.list)")
    }
  }
}
