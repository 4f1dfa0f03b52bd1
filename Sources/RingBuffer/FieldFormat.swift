/// One `field:` line of a format file.
public struct FieldFormat: Hashable, Sendable {
  /// How the field's bytes stand in the record.
  public enum Shape: Hashable, Sendable {
    /// One value of the field's size.
    case scalar
    /// Elements side by side; `count` is nil where the bound is not a number or is left out (`buf[]`),
    /// then the array ends with the field or, for a field of size 0, with the record.
    case array(count: Int?)
    /// Offset and length of the data elsewhere in the record (`__data_loc`); for `relative` the
    /// offset counts from the field's end (`__rel_loc`).
    case dynamic(relative: Bool)
  }

  /// The C type without the name and the bounds (`unsigned long`, `pid_t`).
  public var type: String
  /// The field's name.
  public var name: String
  /// Byte offset in the record's data.
  public var offset: Int
  /// Size in bytes.
  public var size: Int
  /// Whether the kernel calls the type signed.
  public var isSigned: Bool
  /// How its bytes stand in the record.
  public var shape: Shape

  /// Whether the type is a pointer.
  public var isPointer: Bool { type.hasSuffix("*") }

  /// Whether the field is an array of `char`, in place or dynamic: a text.
  public var isText: Bool { shape != .scalar && Self.words(type).last == "char" && !isByteArray }

  /// Whether the elements are bytes and no text (`u8`, `unsigned char`).
  public var isByteArray: Bool {
    guard shape != .scalar else { return false }
    let words = Self.words(type)
    return words.last == "u8" || words.last == "__u8" || words.last == "uint8_t"
      || (words.last == "char" && words.contains("unsigned"))
  }

  /// Size of one element: the field's own size for a scalar, 0 where it cannot be told.
  public func elementSize(longSize: Int) -> Int {
    if case .array(let count?) = shape, count > 0, size > 0 { return size / count }
    if shape == .scalar { return size }
    if isPointer { return longSize }
    let words = Self.words(type)
    switch words.last ?? "" {
    case "char", "u8", "s8", "__u8", "__s8", "uint8_t", "int8_t", "bool": return 1
    case "short", "u16", "s16", "__u16", "__s16", "uint16_t", "int16_t", "__le16", "__be16":
      return 2
    case "int", "u32", "s32", "__u32", "__s32", "uint32_t", "int32_t", "unsigned", "pid_t",
      "__le32",
      "__be32", "gfp_t":
      return 4
    case "u64", "s64", "__u64", "__s64", "uint64_t", "int64_t", "__le64", "__be64": return 8
    case "long": return words.dropLast().last == "long" ? 8 : longSize
    default: return 0
    }
  }

  static func words(_ type: String) -> [Substring] { type.split(separator: " ") }

  /// Reads one line (`field:char comm[16];	offset:8;	size:16;	signed:0;`); nil where it is not one.
  init?(line: some StringProtocol) {
    let parts = line.split(separator: ";", omittingEmptySubsequences: true)
    guard let first = parts.first else { return nil }
    let declaration = Self.trimmed(first)
    guard declaration.hasPrefix("field:") else { return nil }
    var numbers: [Substring: Int] = [:]
    for part in parts.dropFirst() {
      let pair = Self.trimmed(part).split(separator: ":", maxSplits: 1)
      guard pair.count == 2, let value = Int(Self.trimmed(pair[1])) else { continue }
      numbers[pair[0]] = value
    }
    guard let offset = numbers["offset"], let size = numbers["size"], offset >= 0, size >= 0,
      offset <= Self.limit, size <= Self.limit
    else { return nil }
    self.offset = offset
    self.size = size
    guard let declared = Self.declaration(Self.trimmed(declaration.dropFirst("field:".count)))
    else { return nil }
    (type, name, shape) = declared
    isSigned = numbers["signed"].map { $0 != 0 } ?? Self.soundsSigned(declared.type)
  }

  /// No record is longer than its `array[0]` length word can say; far less is enough for a field.
  static let limit = 1 << 27

  private static func trimmed(_ text: some StringProtocol) -> Substring {
    var body = Substring(text)
    while let first = body.first, first.isWhitespace { body.removeFirst() }
    while let last = body.last, last.isWhitespace { body.removeLast() }
    return body
  }

  /// Splits `const char * name`, `__data_loc char[] name` and `unsigned long args[6]`.
  private static func declaration(
    _ text: Substring
  ) -> (type: String, name: String, shape: Shape)? {
    var text = text
    var shape = Shape.scalar
    for (mark, relative) in [("__data_loc ", false), ("__rel_loc ", true)]
    where text.hasPrefix(mark) {
      text = text.dropFirst(mark.count)
      shape = .dynamic(relative: relative)
    }
    var bound: Substring?
    if text.last == "]", let open = text.lastIndex(of: "[") {
      bound = text[text.index(after: open)...].dropLast()
      text = trimmed(text[..<open])
    }
    let isNameCharacter = { (character: Character) in
      character.isLetter || character.isNumber || character == "_"
    }
    let name = String(text.reversed().prefix(while: isNameCharacter).reversed())
    guard !name.isEmpty else { return nil }
    var type = trimmed(text.dropLast(name.count))
    if type.last == "]", let open = type.lastIndex(of: "[") { type = trimmed(type[..<open]) }
    if shape == .scalar, let bound { shape = .array(count: Int(bound)) }
    return (String(type), name, shape)
  }

  private static func soundsSigned(_ type: String) -> Bool {
    let words = words(type)
    guard !words.contains("unsigned"), let last = words.last else { return false }
    return ["int", "long", "short", "s8", "s16", "s32", "s64", "pid_t", "local_t"].contains(last)
  }
}
