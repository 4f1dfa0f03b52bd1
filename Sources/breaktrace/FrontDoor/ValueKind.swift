/// What an option's argument has to be.
enum ValueKind: Hashable, Sendable {
  /// A whole decimal number in the range.
  case number(ClosedRange<Int64>)
  /// Seconds, or a number with `s`, `m`, `h` or `d`.
  case duration
  /// A set of CPUs: `0-3,5`, `!2`, `+0-1`, `all`.
  case cpus
  /// The name of a scheduling policy.
  case policy
  /// A size in KiB, or with `K`, `M` or `G`.
  case kibibytes
  /// A file or directory.
  case path
  /// A name of letters, digits and `_-.`.
  case word
  /// Comma-separated names; `:` and the wildcards `*?` are allowed in them.
  case list
  /// One of the given words.
  case choice([String])

  /// Whether `text` can only be meant as a value: decides if an optional argument takes a word.
  func looksLikeValue(_ text: some StringProtocol) -> Bool {
    let body = text.drop { $0 == " " }
    guard let first = body.first else { return false }
    if first.isASCII, first.isNumber || first == "=" { return true }
    guard self == .cpus else { return false }
    return first == "!" || first == "+" || body == "all"
  }
}
