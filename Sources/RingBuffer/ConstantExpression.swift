/// Evaluates the constant C expressions of print formats: `((((0x0 | 0x1) + 1) << 1) - 1)`.
struct ConstantExpression {
  private let tokens: ArraySlice<PrintToken>
  private var index: Int
  /// Damaged text may nest without end.
  private var depth = 0
  private static let deepest = 64

  private init(_ tokens: ArraySlice<PrintToken>) {
    self.tokens = tokens
    index = tokens.startIndex
  }

  /// The value of an expression without names, nil where it has one or is none.
  static func value(_ tokens: ArraySlice<PrintToken>) -> UInt64? {
    var expression = ConstantExpression(tokens)
    guard let value = expression.binary(0), expression.index == tokens.endIndex else { return nil }
    return value
  }

  private var next: PrintToken? { index < tokens.endIndex ? tokens[index] : nil }

  private static let levels: [[String]] = [
    ["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/"],
  ]

  private mutating func binary(_ level: Int) -> UInt64? {
    guard level < Self.levels.count else { return unary() }
    guard var left = binary(level + 1) else { return nil }
    while case .sign(let sign)? = next, Self.levels[level].contains(sign) {
      index += 1
      guard let right = binary(level + 1) else { return nil }
      switch sign {
      case "|": left |= right
      case "^": left ^= right
      case "&": left &= right
      case "<<": left = right < 64 ? left << right : 0
      case ">>": left = right < 64 ? left >> right : 0
      case "+": left &+= right
      case "-": left &-= right
      case "*": left &*= right
      default:
        guard right != 0 else { return nil }
        left /= right
      }
    }
    return left
  }

  private mutating func unary() -> UInt64? {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.deepest, let token = next else { return nil }
    index += 1
    switch token {
    case .number(let value): return value
    case .sign("-"): return unary().map { 0 &- $0 }
    case .sign("+"): return unary()
    case .sign("~"): return unary().map { ~$0 }
    case .sign("("):
      if let behind = cast() {
        index = behind
        return unary()
      }
      guard let value = binary(0), next == .sign(")") else { return nil }
      index += 1
      return value
    default: return nil
    }
  }

  /// Where a cast like `(unsigned long)` whose bracket is already read ends, nil where it is none.
  private func cast() -> Int? {
    var end = index
    while end < tokens.endIndex, case .word = tokens[end] { end += 1 }
    while end > index, end < tokens.endIndex, tokens[end] == .sign("*") { end += 1 }
    guard end > index, end < tokens.endIndex, tokens[end] == .sign(")") else { return nil }
    return end + 1
  }
}
