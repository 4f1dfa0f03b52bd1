import TraceModel

/// A set of CPUs as the user wrote it; which CPUs it names depends on those that are available.
enum CPUSelection: Hashable, Sendable {
  /// Every available CPU (`all`).
  case all
  /// These (`0-3,5`).
  case only(CPUSet)
  /// Every available CPU except these (`!2`).
  case except(CPUSet)
  /// By position among the available CPUs (`+0-1` are the first two).
  case relative(CPUSet)

  /// What a message asks for where the text is not a set of CPUs.
  static let form = "a set of CPUs, for example 0-3,5 or !2"

  /// Reads the notation of libnuma; nil where the text is not a set, or names no CPU.
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

  /// The CPUs that are meant if `available` may be used.
  ///
  /// Throws if a named CPU does not exist, or none is left; `label` names the option in messages.
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
          label, invalid: text, expected: "at most \(available.count) CPUs, which are available")
      }
      chosen = CPUSet(set.cpus.map { available.cpus[$0] })
    }
    guard !chosen.isEmpty else {
      throw UsageError(label, invalid: text, expected: "at least one of the CPUs \(available.list)")
    }
    return chosen
  }

  private static func check(_ set: CPUSet, in available: CPUSet, _ label: String)
    throws(UsageError)
  {
    let missing = CPUSet(set.cpus.filter { !available.contains($0) })
    guard missing.isEmpty else {
      throw UsageError(
        label, "CPU \(missing.list) does not exist or is not available",
        hint: "available CPUs are \(available.list)")
    }
  }
}
