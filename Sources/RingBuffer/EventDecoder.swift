import TraceModel

/// Turns the records of one event into payloads; made once from the event's format.
///
/// A class because it is looked up for every event: a struct would be copied, reference by
/// reference.
final class EventDecoder: Sendable {
  let format: EventFormat
  let layout: PageLayout
  let longSize: Int
  /// Name without the prefix or suffix that the payload's case already says (`local_timer`,
  /// `futex`).
  let shortName: String
  private let event: KnownEvent?
  private let numbers: [FieldSlot?]
  private let data: DataSlot?
  private let switching: SwitchReader?
  private let waking: WakeReader?
  /// Fields that are distances of functions, mostly none.
  let offsetSlots: [OffsetSlot]
  let flags: FieldSlot?
  let preemptCount: FieldSlot?
  let pid: FieldSlot?

  init(_ format: EventFormat, layout: PageLayout, longSize: Int) {
    self.format = format
    self.layout = layout
    self.longSize = longSize
    offsetSlots = OffsetSlot.all(of: format, layout: layout)
    flags = format.slot("common_flags", layout)
    preemptCount = format.slot("common_preempt_count", layout)
    pid = format.slot("common_pid", layout)
    var event: KnownEvent?
    var numbers: [FieldSlot?] = []
    var data: DataSlot?
    var switching: SwitchReader?
    var waking: WakeReader?
    var shortName = Substring(format.name)
    switch format.system + ":" + format.name {
    case "sched:sched_switch":
      switching = SwitchReader(format, layout: layout)
      event = switching.map { _ in .switched }
    case "sched:sched_waking", "sched:sched_wakeup", "sched:sched_wakeup_new":
      waking = WakeReader(format, layout: layout)
      event = waking.map { _ in
        format.name == "sched_waking"
          ? .waking : format.name == "sched_wakeup" ? .wakeup : .wakeupNew
      }
    default:
      if let needs = KnownEvent.needs(system: format.system, name: format.name),
        let found = Self.slots(needs, format, layout)
      {
        event = needs.event
        (numbers, data) = found
      }
      switch event {
      case .vectorEntry: shortName = shortName.dropLast("_entry".count)
      case .vectorExit: shortName = shortName.dropLast("_exit".count)
      case .namedSyscallEnter: shortName = shortName.dropFirst("sys_enter_".count)
      case .namedSyscallExit: shortName = shortName.dropFirst("sys_exit_".count)
      default: break
      }
    }
    self.event = event
    self.numbers = numbers
    self.data = data
    self.switching = switching
    self.waking = waking
    self.shortName = String(shortName)
  }

  /// nil where the format lacks a field that the payload needs or has it in another shape.
  private static func slots(
    _ needs: KnownEvent.Needs, _ format: EventFormat, _ layout: PageLayout
  ) -> ([FieldSlot?], DataSlot?)? {
    var numbers: [FieldSlot?] = []
    for name in needs.numbers {
      let names = name.split(separator: "|").map { $0.last == "?" ? $0.dropLast() : $0 }
      let slot = names.lazy.compactMap { format.slot(String($0), layout) }.first
      guard slot != nil || name.last == "?" else { return nil }
      numbers.append(slot)
    }
    guard let name = needs.data else { return (numbers, nil) }
    guard let field = format.field(name), let data = DataSlot(field, layout: layout) else {
      return nil
    }
    return (numbers, data)
  }

  /// What the record says; nil where it is too short for its own event.
  func payload(_ page: RawSpan, _ record: RecordRef, _ names: AddressNames) -> EventPayload? {
    switch event {
    case .switched: return switching.flatMap { Self.switched($0, page, record) }
    case .waking: return wake(page, record).map { .waking($0) }
    case .wakeup: return wake(page, record).map { .wakeup($0) }
    case .wakeupNew: return wake(page, record).map { .wakeupNew($0) }
    case .stack: return stack(page, record, names)
    case .marker: return marker(page, record)
    case let event?:
      var values: [5 of Int64] = .init(repeating: 0)
      for index in numbers.indices.prefix(5) {
        guard let slot = numbers[index] else { continue }
        guard let value = slot.integer(page, record) else { return nil }
        values[index] = value
      }
      return payload(event, values, page, record, names)
    case nil: return .other(other(page, record, names))
    }
  }

  private static func switched(
    _ reader: SwitchReader, _ page: RawSpan, _ record: RecordRef
  ) -> EventPayload? {
    guard let fields = reader.read(page, record) else { return nil }
    return .switched(
      SwitchEvent(
        previous: TaskIdentity(
          pid: fields.previousPid, comm: reader.slots.previousName.text(page, record) ?? ""),
        previousPriority: KernelPriority(fields.previousPriority),
        previousState: reader.states.state(fields.previousState),
        next: TaskIdentity(
          pid: fields.nextPid, comm: reader.slots.nextName.text(page, record) ?? ""),
        nextPriority: KernelPriority(fields.nextPriority)))
  }

  private func wake(_ page: RawSpan, _ record: RecordRef) -> WakeEvent? {
    guard let waking, let fields = waking.read(page, record) else { return nil }
    return WakeEvent(
      task: TaskIdentity(pid: fields.pid, comm: waking.name.text(page, record) ?? ""),
      priority: KernelPriority(fields.priority), targetCPU: Int(fields.targetCPU))
  }

  /// The kernel writes `size` addresses whatever bound the format reports; -1 ends the list early.
  private func stack(
    _ page: RawSpan, _ record: RecordRef, _ names: AddressNames
  ) -> EventPayload? {
    guard let data, !data.isDynamic, data.offset <= record.length, record.offset >= 0,
      record.offset <= page.byteCount - record.length
    else { return nil }
    let room = (record.length - data.offset) / longSize
    let told = numbers.first.flatMap { $0 }?.integer(page, record)
    var frames: [CodeLocation] = []
    for index in 0..<Int(clamping: min(max(told ?? Int64(room), 0), Int64(room))) {
      let slot = FieldSlot(
        offset: data.offset + index * longSize, size: longSize, isSigned: false,
        isSwapped: layout.isSwapped)
      let address = UInt64(bitPattern: slot.integer(page, record) ?? 0)
      let end: UInt64 = longSize == 8 ? .max : UInt64(UInt32.max)
      if address == end || (told == nil && address == 0) { break }
      frames.append(names.location(address))
    }
    return .stack(frames)
  }

  private func marker(_ page: RawSpan, _ record: RecordRef) -> EventPayload? {
    guard var text = data?.text(page, record) else { return nil }
    if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
    return .marker(text)
  }

  /// The CPUs of a `cpumask_t` bit map.
  func cpus(_ page: RawSpan, _ record: RecordRef) -> CPUSet? {
    guard let range = data?.range(page, record) else { return nil }
    return Self.cpus(page, range, longSize: longSize, isSwapped: layout.isSwapped)
  }

  static func cpus(_ page: RawSpan, _ range: Range<Int>, longSize: Int, isSwapped: Bool) -> CPUSet {
    var cpus: [Int] = []
    for word in 0..<min(range.count / longSize, CPUSet.highest / (longSize * 8)) {
      let at = range.lowerBound + word * longSize
      var bits =
        longSize == 8
        ? page.uncheckedUInt64(at, swapped: isSwapped)
        : UInt64(page.uncheckedUInt32(at, swapped: isSwapped))
      while bits != 0 {
        cpus.append(word * longSize * 8 + bits.trailingZeroBitCount)
        bits &= bits - 1
      }
    }
    return CPUSet(cpus)
  }

  func text(_ page: RawSpan, _ record: RecordRef) -> String? { data?.text(page, record) }

  /// A number's name by the format's own table, decimal where it has none.
  func name(of value: Int64, field: String) -> String {
    format.printFormat.tables[field]?.text(UInt64(bitPattern: value)) ?? "\(value)"
  }

  func has(_ index: Int) -> Bool { index < numbers.count && numbers[index] != nil }
}
