/// The events that a trace may hold: a decoder for each, by the number in the records.
public struct Schema: Sendable {
  /// The layout of the trace's pages.
  public let layout: PageLayout
  /// Size of the kernel's `long`.
  public let longSize: Int
  /// Formats that could not be read; their events have no fields.
  public let problems: [RingBufferError]
  /// Reader of sched:sched_switch, nil where the trace has no such event.
  public let schedSwitch: SwitchReader?
  /// Reader of sched:sched_waking, nil where the trace has no such event.
  public let schedWaking: WakeReader?
  /// Reader of sched:sched_wakeup, nil where the trace has no such event.
  public let schedWakeup: WakeReader?
  /// Reader of sched:sched_wakeup_new, nil where the trace has no such event.
  public let schedWakeupNew: WakeReader?
  /// By the events' numbers.
  private let decoders: [EventDecoder?]

  /// Reads the formats; those that cannot be read are kept as problems.
  public init(
    header: HeaderPage, formats: [FormatText], byteOrder: ByteOrder = .little, longSize: Int = 8
  ) {
    var problems: [RingBufferError] = []
    var read: [EventFormat] = []
    for text in formats {
      do throws(RingBufferError) {
        read.append(try EventFormat(text))
      } catch {
        problems.append(error)
      }
    }
    let ids = read.compactMap { format in
      format.commonFields.first { $0.name == "common_type" && $0.size == 2 }?.offset
    }
    layout = PageLayout(header: header, byteOrder: byteOrder, idOffset: ids.first ?? 0)
    self.longSize = longSize == 4 ? 4 : 8
    self.problems = problems
    let count = read.map { Int($0.id) + 1 }.max() ?? 0
    var decoders = [EventDecoder?](repeating: nil, count: count)
    for format in read {
      decoders[Int(format.id)] = EventDecoder(format, layout: layout, longSize: self.longSize)
    }
    self.decoders = decoders
    let layout = layout
    let event = { (name: String) in read.last { $0.system == "sched" && $0.name == name } }
    schedSwitch = event("sched_switch").flatMap { SwitchReader($0, layout: layout) }
    schedWaking = event("sched_waking").flatMap { WakeReader($0, layout: layout) }
    schedWakeup = event("sched_wakeup").flatMap { WakeReader($0, layout: layout) }
    schedWakeupNew = event("sched_wakeup_new").flatMap { WakeReader($0, layout: layout) }
  }

  /// The formats that could be read, by their number in the records.
  public var formats: [EventFormat] {
    decoders.compactMap { $0?.format }
  }

  /// The format of the event with that number in the records.
  public func format(id: UInt16) -> EventFormat? { decoder(id: id)?.format }

  var anyDecoder: EventDecoder? { decoders.lazy.compactMap { $0 }.first }

  func decoder(id: UInt16) -> EventDecoder? {
    Int(id) < decoders.count ? decoders[Int(id)] : nil
  }

  /// The format of an event by system and name.
  public func format(system: String, name: String) -> EventFormat? {
    decoders.lazy.compactMap { $0?.format }.first { $0.system == system && $0.name == name }
  }

  /// Where a number is in the records of an event, for one's own searches; nil where the event
  /// has no such field or the field is not a number.
  public func slot(_ field: String, of format: EventFormat) -> FieldSlot? {
    format.slot(field, layout)
  }

  /// Where a text is in the records of an event; nil where the event has no such field or the field
  /// is not a text.
  public func textSlot(_ field: String, of format: EventFormat) -> DataSlot? {
    format.field(field).flatMap { DataSlot($0, layout: layout) }
  }
}
