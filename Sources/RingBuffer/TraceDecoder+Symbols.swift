import TraceModel

extension TraceDecoder {
  /// The symbols that the records of the whole trace refer to, in the format of /proc/kallsyms.
  ///
  /// A trace that is kept with them reads the same on any machine.
  public func neededSymbols() -> String {
    // Numbers that may be addresses of functions, by event.
    var slots: [UInt16: [FieldSlot]] = [:]
    let stackID = stackID
    let distances = Dictionary(
      schema.formats.compactMap { format in
        schema.decoder(id: format.id).flatMap {
          $0.offsetSlots.isEmpty ? nil : (format.id, $0.offsetSlots)
        }
      }, uniquingKeysWith: { first, _ in first })
    let hasDistances = !distances.isEmpty
    for cpu in cpus {
      forEachRecord(cpu: cpu) { page, record in
        let places: [FieldSlot]
        if let known = slots[record.id] {
          places = known
        } else {
          places = addressSlots(record.id)
          slots[record.id] = places
        }
        for place in places {
          if let value = place.integer(page, record) {
            _ = symbols.location(UInt64(bitPattern: value))
          }
        }
        for place in hasDistances ? distances[record.id] ?? [] : [] {
          _ = place.location(page, record, names)
        }
        // A stack is an array; the event's own decoder looks its frames up.
        if record.id == stackID { _ = event(page, record, cpu: cpu) }
      }
    }
    return symbols.usedSymbols()
  }

  private var stackID: UInt16? { schema.format(system: "ftrace", name: "kernel_stack")?.id }

  private func addressSlots(_ id: UInt16) -> [FieldSlot] {
    guard let format = schema.format(id: id) else { return [] }
    return format.fields.compactMap { field in
      guard field.isPointer || field.type == "unsigned long" else { return nil }
      return FieldSlot(field, layout: schema.layout)
    }
  }
}
