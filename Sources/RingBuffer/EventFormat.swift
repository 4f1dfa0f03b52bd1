/// One event's `format` file: its id, its fields and how the kernel prints them.
public struct EventFormat: Hashable, Sendable {
  /// The event's system (`sched`).
  public let system: String
  /// The event's name (`sched_switch`).
  public let name: String
  /// The event's number in the records (`common_type`).
  public let id: UInt16
  /// The fields that every event has (`common_…`).
  public let commonFields: [FieldFormat]
  /// The event's own fields.
  public let fields: [FieldFormat]
  /// The text after `print fmt: `.
  public let printFormat: PrintFormat

  /// Reads a format file; throws where name or id are missing or a field's line cannot be read.
  public init(_ source: FormatText) throws(RingBufferError) {
    var name: Substring?
    var id: UInt16?
    var common: [FieldFormat] = []
    var own: [FieldFormat] = []
    var position = 0
    // Bytes: a kernel has thousands of formats, and characters take ten times as long.
    let lines = source.text.utf8.split(separator: 10, omittingEmptySubsequences: false)
    var printed: Substring.UTF8View?
    func failure(_ reason: String) -> RingBufferError {
      RingBufferError(
        operation: .format, subject: source.system + (name.map { ":" + $0 } ?? ""),
        position: min(position, source.text.utf8.count), reason: reason)
    }
    for line in lines {
      if let begun = printed {
        // A print format may contain line ends; it extends to the text's end.
        printed = source.text.utf8[begun.startIndex..<line.endIndex]
      } else if line.starts(with: "name: ".utf8) {
        name = Substring(line.dropFirst(6))
      } else if line.starts(with: "ID: ".utf8) {
        guard let number = UInt16(Substring(line.dropFirst(4))) else {
          throw failure("the event ID is not a number below 65536")
        }
        id = number
      } else if line.starts(with: "print fmt: ".utf8) {
        printed = line.dropFirst(11)
      } else if Self.hasField(line) {
        guard let field = FieldFormat(line: Substring(line)) else {
          throw failure("the line \"\(Substring(line))\" does not describe a field")
        }
        if field.name.hasPrefix("common_") { common.append(field) } else { own.append(field) }
      }
      position += line.count + 1
    }
    guard let name, !name.isEmpty else { throw failure("the name is missing") }
    guard let id else { throw failure("the ID is missing") }
    system = source.system
    self.name = String(name)
    self.id = id
    commonFields = common
    fields = own
    printFormat = PrintFormat(String(Substring(printed ?? "".utf8[...])))
  }

  /// Whether the line says `field` anywhere: one that describes none is damaged then.
  private static func hasField(_ line: Substring.UTF8View) -> Bool {
    var rest = line
    while let start = rest.firstIndex(of: UInt8(ascii: "f")) {
      rest = rest[start...]
      if rest.starts(with: "field".utf8) { return true }
      rest.removeFirst()
    }
    return false
  }

  /// The event's field of that name, its own or a common one.
  public func field(_ name: String) -> FieldFormat? {
    fields.first { $0.name == name } ?? commonFields.first { $0.name == name }
  }

  func slot(_ name: String, _ layout: PageLayout) -> FieldSlot? {
    field(name).flatMap { FieldSlot($0, layout: layout) }
  }
}
