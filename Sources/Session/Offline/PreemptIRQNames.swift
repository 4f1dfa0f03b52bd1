internal import RingBuffer
internal import TraceModel

/// Names the functions in the events of the preemptirq system, which tell them as distances from `_stext`.
enum PreemptIRQNames {
  static func resolve(_ timeline: inout Timeline, symbols: String, decoder: TraceDecoder) {
    var base: UInt64??
    for cpu in timeline.cpus.indices {
      for index in timeline.cpus[cpu].events.indices {
        guard case .other(var other) = timeline.cpus[cpu].events[index].payload,
          other.system == "preemptirq"
        else { continue }
        if base == nil { base = .some(address(of: "_stext", in: symbols)) }
        guard case .some(.some(let start)) = base else { return }
        for (offsets, name) in [("caller_offs", "caller"), ("parent_offs", "parent")] {
          guard !other.fields.contains(where: { $0.name == name }),
            let text = other.fields.first(where: { $0.name == offsets })?.value,
            let distance = Int64(text)
          else { continue }
          // A module's distance is kept in 32 bits and may be negative.
          let signed = Int64(Int32(truncatingIfNeeded: distance))
          let location = decoder.symbols.location(start &+ UInt64(bitPattern: signed))
          other.fields.append(EventField(name: name, value: location.text))
        }
        timeline.cpus[cpu].events[index].payload = .other(other)
      }
    }
  }

  /// The address of a symbol in a text like /proc/kallsyms.
  private static func address(of name: String, in symbols: String) -> UInt64? {
    for line in symbols.utf8.split(separator: 10) where line.count < 40 {
      let words = line.split(separator: 32)
      guard words.count == 3, words[2].elementsEqual(name.utf8) else { continue }
      return UInt64(Substring(words[0]), radix: 16)
    }
    return nil
  }
}
