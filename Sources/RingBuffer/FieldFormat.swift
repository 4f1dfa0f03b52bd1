/// One `field:` line of a format file.
public struct FieldFormat: Hashable, Sendable {
  /// How the field's bytes are in the record.
  public enum Shape: Hashable, Sendable {
    /// One value of the field's size.
    case scalar
    /// Elements side by side; `count` is nil where the bound is not a number or is left out
    /// (`buf[]`), then the array ends with the field or, for a field of size 0, with the record.
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
  /// How its bytes are in the record.
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

  /// Size of one element: the field's own size for a scalar, 0 where it is not known.
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
    // Bytes: a kernel has tens of thousands of fields, and characters take ten times as long.
    let parts = Substring(line).utf8.split(separator: UInt8(ascii: ";"))
    guard let first = parts.first else { return nil }
    let declaration = Self.trimmed(first)
    guard declaration.starts(with: "field:".utf8) else { return nil }
    var offset: Int?
    var size: Int?
    var signed: Int?
    for part in parts.dropFirst() {
      let pair = Self.trimmed(part)
      guard let colon = pair.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let value = Int(Substring(Self.trimmed(pair[pair.index(after: colon)...])))
      guard let value else { continue }
      let name = pair[..<colon]
      if name.elementsEqual("offset".utf8) { offset = value }
      if name.elementsEqual("size".utf8) { size = value }
      if name.elementsEqual("signed".utf8) { signed = value }
    }
    guard let offset, let size, offset >= 0, size >= 0, offset <= Self.limit, size <= Self.limit
    else { return nil }
    self.offset = offset
    self.size = size
    guard let declared = Self.declaration(Self.trimmed(declaration.dropFirst("field:".utf8.count)))
    else { return nil }
    (type, name, shape) = declared
    isSigned = signed.map { $0 != 0 } ?? Self.soundsSigned(declared.type)
  }

  /// No record is longer than its `array[0]` length word can say; far less is enough for a field.
  static let limit = 1 << 27

  private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
    var body = text
    while let first = body.first, isBlank(first) { body.removeFirst() }
    while let last = body.last, isBlank(last) { body.removeLast() }
    return body
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  /// A letter, a digit, an underscore, or a part of what is not ASCII.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }

  /// Splits `const char * name`, `__data_loc char[] name` and `unsigned long args[6]`.
  private static func declaration(
    _ text: Substring.UTF8View
  ) -> (type: String, name: String, shape: Shape)? {
    let (open, close) = (UInt8(ascii: "["), UInt8(ascii: "]"))
    var text = text
    var shape = Shape.scalar
    for (mark, relative) in [("__data_loc ", false), ("__rel_loc ", true)]
    where text.starts(with: mark.utf8) {
      text = text.dropFirst(mark.utf8.count)
      shape = .dynamic(relative: relative)
    }
    var bound: Substring?
    if text.last == close, let start = text.lastIndex(of: open) {
      bound = Substring(text[text.index(after: start)...].dropLast())
      text = trimmed(text[..<start])
    }
    var rest = text
    while let last = rest.last, isNameByte(last) { rest.removeLast() }
    let name = String(Substring(text[rest.endIndex...]))
    guard !name.isEmpty else { return nil }
    var type = trimmed(rest)
    if type.last == close, let start = type.lastIndex(of: open) { type = trimmed(type[..<start]) }
    if shape == .scalar, let bound { shape = .array(count: Int(bound)) }
    return (String(Substring(type)), name, shape)
  }

  private static func soundsSigned(_ type: String) -> Bool {
    let words = words(type)
    guard !words.contains("unsigned"), let last = words.last else { return false }
    return ["int", "long", "short", "s8", "s16", "s32", "s64", "pid_t", "local_t"].contains(last)
  }
}
