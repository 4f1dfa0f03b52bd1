import TraceModel

/// How late a thread may be: never, or seldom.
struct LatencyConstraint: Hashable, Sendable {
  /// The latency in us that is not to be exceeded.
  var limit: Int64
  /// The share of wakeups that may exceed it, in millionths; nil for none.
  var allowed: Int64?

  /// Reads `never above N us` or `at most P % above N us`; nil where the text is neither.
  init?(_ text: some StringProtocol) {
    let spaced = text.flatMap { $0 == "%" ? Array(" % ") : [$0] }
    let words = spaced.split { $0.isWhitespace }.map { String($0).lowercased() }
    var rest = words[...]
    func take(_ word: String) -> Bool {
      guard rest.first == word else { return false }
      rest.removeFirst()
      return true
    }
    if take("never") {
      allowed = nil
    } else {
      guard take("at"), take("most"), let share = rest.popFirst().flatMap(Self.millionths),
        take("%")
      else { return nil }
      allowed = share
    }
    guard take("above"), let limit = rest.popFirst().flatMap({ Self.number($0) }),
      (1...1_000_000).contains(limit), take("us") || take("usec"), rest.isEmpty
    else { return nil }
    self.limit = limit
  }

  /// Digits only: no sign.
  private static func number(_ text: some StringProtocol) -> Int64? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil
  }

  /// Percent with at most four decimals, in millionths.
  private static func millionths(_ percent: String) -> Int64? {
    let parts = percent.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = number(parts[0]), whole <= 100 else {
      return nil
    }
    var fraction: Int64 = 0
    if parts.count == 2 {
      guard (1...4).contains(parts[1].count), let digits = number(parts[1]) else { return nil }
      fraction = digits
      for _ in parts[1].count..<4 { fraction *= 10 }
    }
    let value = whole * 10_000 + fraction
    return value <= 1_000_000 ? value : nil
  }

  /// Whether `above` of `total` wakeups are too many.
  func isMet(above: UInt64, of total: UInt64) -> Bool {
    guard let allowed else { return above == 0 }
    return Double(above) * 1_000_000 <= Double(total) * Double(allowed)
  }

  /// The words that the initialiser reads.
  var text: String {
    guard let allowed else { return "never above \(limit) us" }
    return "at most \(Self.percent(allowed)) % above \(limit) us"
  }

  /// Millionths as percent.
  static func percent(_ millionths: Int64) -> String {
    let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 10_000)
    guard rest > 0 else { return "\(whole)" }
    var digits = String(rest)
    while digits.count < 4 { digits = "0" + digits }
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
