import TraceModel

/// Where a record keeps a function as its distance from the begin of the kernel's text
/// (`caller_offs` of the events of the preemptirq system).
struct OffsetSlot: Sendable {
  /// What the function is: the field's name without `_offs`.
  let name: String
  private let slot: FieldSlot

  /// Those of an event, by its print format.
  static func all(of format: EventFormat, layout: PageLayout) -> [OffsetSlot] {
    guard !format.printFormat.offsetFields.isEmpty else { return [] }
    return format.fields.compactMap { field in
      guard format.printFormat.offsetFields.contains(field.name),
        let slot = FieldSlot(field, layout: layout)
      else { return nil }
      let name =
        field.name.hasSuffix("_offs") ? String(field.name.dropLast(5)) : field.name + "_function"
      return OffsetSlot(name: name, slot: slot)
    }
  }

  /// The function; nil where the record is too short or the symbols do not report where the
  /// kernel's text begins.
  func location(_ page: RawSpan, _ record: RecordRef, _ names: AddressNames) -> CodeLocation? {
    slot.integer(page, record).flatMap { names.location(distance: $0) }
  }
}
