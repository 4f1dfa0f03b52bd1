/// What a format file's `print fmt` reports about values: the names of flags and numbers, and which
/// addresses are printed as symbols.
public struct PrintFormat: Hashable, Sendable {
  /// The text as it is in the file.
  public let text: String
  /// Tables by field name; a field's first table counts.
  public let tables: [String: ValueTable]
  /// The fields that are printed as a symbol (`%ps`, `%pS`).
  public let symbolFields: Set<String>
  /// The fields that hold a function's distance from the begin of the kernel's text: `_stext +
  /// REC->field`.
  public let offsetFields: Set<String>
  /// For `REC->field & bits ? "+" : ""`: the bits, by field name (sched_switch's preempted state).
  public let plusBits: [String: UInt64]

  /// Reads a print format; what is not understood is left out.
  public init(_ text: String) {
    self.text = text
    let tokens = PrintToken.tokens(text)
    var tables: [String: ValueTable] = [:]
    for index in tokens.indices {
      guard case .word(let word) = tokens[index], word.hasPrefix("__print_") else { continue }
      let isFlags = word.hasPrefix("__print_flags")
      guard isFlags || word.hasPrefix("__print_symbolic"),
        let (field, table) = Self.table(tokens, at: index + 1, isFlags: isFlags),
        tables[field] == nil
      else { continue }
      tables[field] = table
    }
    self.tables = tables
    let arguments = Self.list(tokens[...])
    var plus: [String: UInt64] = [:]
    for argument in arguments.dropFirst() {
      guard let question = argument.firstIndex(of: .sign("?")), question + 1 < argument.endIndex,
        argument[question + 1] == .text("+"),
        let (field, mask) = Self.field(argument[..<question]), let mask
      else { continue }
      plus[field] = mask
    }
    plusBits = plus
    symbolFields = Self.symbols(arguments)
    offsetFields = Set(arguments.dropFirst().compactMap(Self.offset))
  }

  /// `( REC->field [& mask], ["delimiter",] { value, "name" }, … )` from its bracket on.
  private static func table(
    _ tokens: [PrintToken], at start: Int, isFlags: Bool
  ) -> (String, ValueTable)? {
    guard start < tokens.count, tokens[start] == .sign("(") else { return nil }
    let parts = list(tokens[(start + 1)...])
    guard let first = parts.first, let (name, mask) = field(first) else { return nil }
    var kind = ValueTable.Kind.symbolic
    var rest = parts.dropFirst()
    if isFlags {
      guard let second = rest.first?.first, case .text(let delimiter) = second else { return nil }
      kind = .flags(delimiter: delimiter)
      rest = rest.dropFirst()
    }
    var entries: [ValueTable.Entry] = []
    for part in rest {
      guard part.first == .sign("{"), part.last == .sign("}") else { continue }
      let pair = list(part.dropFirst().dropLast())
      guard pair.count == 2, let text = pair[1].first, case .text(let name) = text else { continue }
      guard let value = ConstantExpression.value(pair[0]) ?? KernelConstant.value(pair[0]) else {
        continue
      }
      entries.append(ValueTable.Entry(value: value, name: name))
    }
    guard !entries.isEmpty else { return nil }
    return (name, ValueTable(kind: kind, mask: mask ?? .max, entries: entries))
  }

  /// The comma-separated parts up to the end or to the bracket that closes the list.
  private static func list(_ tokens: ArraySlice<PrintToken>) -> [ArraySlice<PrintToken>] {
    var parts: [ArraySlice<PrintToken>] = []
    var start = tokens.startIndex
    var depth = 0
    var index = start
    loop: while index < tokens.endIndex {
      switch tokens[index] {
      case .sign("("), .sign("{"), .sign("["): depth += 1
      case .sign(")"), .sign("}"), .sign("]"):
        if depth == 0 { break loop }
        depth -= 1
      case .sign(",") where depth == 0:
        parts.append(tokens[start..<index])
        start = index + 1
      default: break
      }
      index += 1
    }
    parts.append(tokens[start..<index])
    return parts
  }

  /// The field of `REC->name`, `(cast)REC->name` or `REC->name & bits`, with the bits.
  private static func field(
    _ tokens: ArraySlice<PrintToken>, depth: Int = 0
  ) -> (String, UInt64?)? {
    // Damaged text may nest without end.
    guard depth < 8 else { return nil }
    var part = tokens
    while let open = part.first, open == .sign("(") {
      if let close = matching(part), close == part.endIndex - 1 {
        part = part.dropFirst().dropLast()
      } else if let close = matching(part), !part[...close].contains(.word("REC")) {
        part = part[(close + 1)...]
      } else {
        break
      }
    }
    if part.count >= 4, part.first == .sign("("), let close = matching(part),
      let (name, none) = field(part[...close].dropFirst().dropLast(), depth: depth + 1), none == nil
    {
      return masked(name, part[(close + 1)...])
    }
    guard part.count >= 3, part.first == .word("REC"),
      part[part.startIndex + 1] == .sign("->"),
      case .word(let name) = part[part.startIndex + 2]
    else { return nil }
    return masked(name, part[(part.startIndex + 3)...])
  }

  private static func masked(_ name: String, _ rest: ArraySlice<PrintToken>) -> (String, UInt64?)? {
    if rest.isEmpty { return (name, nil) }
    guard rest.first == .sign("&"), let mask = ConstantExpression.value(rest.dropFirst()) else {
      return nil
    }
    return (name, mask)
  }

  /// Where the bracket that opens the part is closed.
  private static func matching(_ tokens: ArraySlice<PrintToken>) -> Int? {
    var depth = 0
    for index in tokens.indices {
      if tokens[index] == .sign("(") { depth += 1 }
      if tokens[index] == .sign(")") {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }

  /// The field of `(void *)((unsigned long)(_stext) + REC->field)`.
  private static func offset(_ argument: ArraySlice<PrintToken>) -> String? {
    guard argument.contains(.word("_stext")), argument.contains(.sign("+")),
      let record = argument.firstIndex(of: .word("REC")), record + 2 < argument.endIndex,
      argument[record + 1] == .sign("->"), case .word(let name) = argument[record + 2]
    else { return nil }
    return name
  }

  /// The fields whose conversion is a symbol's.
  private static func symbols(_ arguments: [ArraySlice<PrintToken>]) -> Set<String> {
    guard let first = arguments.first?.first, case .text(let format) = first else { return [] }
    var found: Set<String> = []
    var number = 0
    var index = format.utf8.startIndex
    let bytes = format.utf8
    while index < bytes.endIndex {
      guard bytes[index] == UInt8(ascii: "%") else {
        index = bytes.index(after: index)
        continue
      }
      var end = bytes.index(after: index)
      while end < bytes.endIndex, "-+ #0123456789.hlzjt".utf8.contains(bytes[end]) {
        end = bytes.index(after: end)
      }
      guard end < bytes.endIndex else { break }
      index = bytes.index(after: end)
      if bytes[end] == UInt8(ascii: "%") { continue }
      number += 1
      if bytes[end] == UInt8(ascii: "p"), index < bytes.endIndex,
        "sSfF".utf8.contains(bytes[index]), number < arguments.count,
        let (name, mask) = field(arguments[number]), mask == nil
      {
        found.insert(name)
      }
    }
    return found
  }
}
