import TraceModel

extension EventDecoder {
  /// The record's fields as text, for an event without a separate case.
  func other(_ page: RawSpan, _ record: RecordRef, _ names: AddressNames) -> OtherEvent {
    var fields = format.fields.map { field in
      EventField(name: field.name, value: rendered(field, page, record, names) ?? "?")
    }
    for slot in offsetSlots {
      // Beside the distance: `caller` of `caller_offs`, as the kernel's own text calls it.
      guard !fields.contains(where: { $0.name == slot.name }),
        let place = slot.location(page, record, names), !place.symbol.isEmpty
      else { continue }
      fields.append(EventField(name: slot.name, value: place.text))
    }
    return OtherEvent(system: format.system, name: format.name, fields: fields)
  }

  /// How many elements of an array are shown.
  private static let mostElements = 64

  /// nil where the record does not hold the field.
  private func rendered(
    _ field: FieldFormat, _ page: RawSpan, _ record: RecordRef, _ names: AddressNames
  ) -> String? {
    if let slot = FieldSlot(field, layout: layout) {
      guard let value = slot.integer(page, record) else { return nil }
      return number(value, field, names)
    }
    guard let range = DataSlot(field, layout: layout)?.range(page, record) else {
      return bytes(field, page, record)
    }
    if field.isText || (field.shape == .scalar && field.type == "char") {
      return page.text(in: range)
    }
    if FieldFormat.words(field.type).last == "cpumask_t" {
      return Self.cpus(page, range, longSize: longSize, isSwapped: layout.isSwapped).list
    }
    let size = field.elementSize(longSize: longSize)
    guard [1, 2, 4, 8].contains(size), !field.isByteArray else {
      return hexadecimal(page, range)
    }
    var parts: [String] = []
    for index in 0..<min(range.count / size, Self.mostElements) {
      let slot = FieldSlot(
        offset: range.lowerBound + index * size, size: size, isSigned: field.isSigned,
        isSwapped: layout.isSwapped)
      parts.append(number(slot.unchecked(page, 0), field, names))
    }
    if range.count / size > Self.mostElements { parts.append("...") }
    return parts.joined(separator: ",")
  }

  private func number(_ value: Int64, _ field: FieldFormat, _ names: AddressNames) -> String {
    let bits = UInt64(bitPattern: value)
    if let name = format.printFormat.tables[field.name]?.text(bits) { return name }
    if format.printFormat.symbolFields.contains(field.name) {
      let place = names.location(bits)
      if !place.symbol.isEmpty { return place.text }
    }
    if field.isPointer {
      if FieldFormat.words(field.type).contains("char"), let text = names.text(at: bits) {
        return text
      }
      return "0x" + String(bits, radix: 16)
    }
    return field.isSigned ? "\(value)" : "\(bits)"
  }

  /// A struct in place.
  private func bytes(_ field: FieldFormat, _ page: RawSpan, _ record: RecordRef) -> String? {
    guard field.shape == .scalar, field.offset <= record.length,
      field.size <= record.length - field.offset, record.offset >= 0,
      record.offset <= page.byteCount - record.length
    else { return nil }
    let start = record.offset + field.offset
    return hexadecimal(page, start..<start + field.size)
  }

  private func hexadecimal(_ page: RawSpan, _ range: Range<Int>) -> String {
    var text = ""
    for index in range.prefix(Self.mostElements) {
      let byte = page.uncheckedUInt8(index)
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return range.count > Self.mostElements ? text + "..." : text
  }
}
