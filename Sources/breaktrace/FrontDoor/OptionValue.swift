import TraceModel

/// An option's argument after it has been read and checked.
enum OptionValue: Hashable, Sendable {
  /// The option has no argument, or its optional one was left out.
  case none
  /// A number; seconds of a duration, KiB of a size.
  case number(Int64)
  /// A set of CPUs.
  case cpus(CPUSelection)
  /// A scheduling policy.
  case policy(SchedulingPolicy)
  /// A path, name or choice.
  case text(String)
  /// The entries of a list, at least one.
  case list([String])

  /// Reads `text` as `kind`; `label` names the option in messages.
  ///
  /// Blanks around the value are dropped, so that the single word `-h 400` works.
  init(_ text: some StringProtocol, as kind: ValueKind, label: String) throws(UsageError) {
    let body = String(text).trimmingBlanks
    guard !body.isEmpty else { throw UsageError(label, "the argument is empty") }
    switch kind {
    case .number(let range):
      guard let value = Self.digits(body), range.contains(value) else {
        throw UsageError(label, invalid: body, expected: "a whole number \(Self.words(range))")
      }
      self = .number(value)
    case .duration:
      self = .number(try Self.duration(body, label))
    case .kibibytes:
      self = .number(try Self.kibibytes(body, label))
    case .cpus:
      guard let set = CPUSelection(body) else {
        throw UsageError(label, invalid: body, expected: CPUSelection.form)
      }
      self = .cpus(set)
    case .policy:
      self = .policy(try Self.policy(body, label))
    case .path:
      self = .text(body)
    case .word:
      guard body.utf8.allSatisfy(Self.isWordByte) else {
        throw UsageError(label, invalid: body, expected: "a name of letters, digits, _, - and .")
      }
      self = .text(body)
    case .list:
      let parts = body.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isListByte) }) else {
        throw UsageError(label, invalid: body, expected: "a comma-separated list of names")
      }
      self = .list(parts)
    case .choice(let words):
      guard words.contains(body) else {
        throw UsageError(label, invalid: body, expected: words.alternatives)
      }
      self = .text(body)
    }
  }

  private static func digits(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return Int64(text)
  }

  private static func words(_ range: ClosedRange<Int64>) -> String {
    range.upperBound == .max
      ? "not below \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }

  private static func duration(_ text: String, _ label: String) throws(UsageError) -> Int64 {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    let unit = text.last.flatMap { units[$0] }
    guard let count = digits(unit == nil ? text[...] : text.dropLast()) else {
      throw UsageError(
        label, invalid: text, expected: "seconds, or a number with a suffix s, m, h or d")
    }
    // A deadline this far off still fits a clock in nanoseconds.
    let (seconds, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow, seconds <= 36_500 * 86_400 else {
      throw UsageError(label, invalid: text, expected: "at most 36500 days")
    }
    return seconds
  }

  private static func kibibytes(_ text: String, _ label: String) throws(UsageError) -> Int64 {
    let units: [Character: Int64] = [
      "k": 1, "K": 1, "m": 1_024, "M": 1_024, "g": 1_048_576, "G": 1_048_576,
    ]
    let unit = text.last.flatMap { units[$0] }
    guard let count = digits(unit == nil ? text[...] : text.dropLast()) else {
      throw UsageError(
        label, invalid: text, expected: "KiB (4096), or a number with a suffix K, M or G")
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow, (4...67_108_864).contains(size) else {
      throw UsageError(label, invalid: text, expected: "a size from 4 KiB to 64 GiB")
    }
    return size
  }

  private static func policy(_ text: String, _ label: String) throws(UsageError) -> SchedulingPolicy
  {
    switch text.lowercased() {
    case "other", "normal": return .other
    case "batch": return .batch
    case "idle": return .idle
    case "fifo": return .fifo
    case "rr": return .rr
    default:
      throw UsageError(
        label, invalid: text, expected: "other, normal, batch, idle, fifo or rr")
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 95, 45, 46: true
    default: false
    }
  }

  private static func isListByte(_ byte: UInt8) -> Bool {
    // Also `:` between system and event, and the kernel's wildcards.
    isWordByte(byte) || byte == 58 || byte == 42 || byte == 63
  }
}

extension [String] {
  /// The words as a choice: `text, markdown or json`.
  var alternatives: String {
    count > 1 ? dropLast().joined(separator: ", ") + " or " + self[count - 1] : first ?? ""
  }
}

extension String {
  /// The text without blanks and tabs at its ends.
  fileprivate var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
