internal import RingBuffer
internal import TraceModel

/// A cheap look at a record: whether it can concern the wanted task at all.
///
/// It compares the first bytes of the names, or the thread ids, where sched_switch and the wake-up events
/// keep them; what passes is read in full.
struct RecordFilter {
  /// Where to look, by the event's id: two places for sched_switch, one for the wake-ups.
  private var switchID: UInt16 = 0
  private var places: (next: Int, previous: Int, wake: Int)?
  private let wanted: UInt64
  private let mask: UInt64
  private let is64: Bool

  init(_ schema: Schema, task: TaskSelector?) {
    let change = schema.format(system: "sched", name: "sched_switch")
    let wake =
      schema.format(system: "sched", name: "sched_waking")
      ?? schema.format(system: "sched", name: "sched_wakeup")
    switchID = change?.id ?? 0
    switch task {
    case .comm(let comm):
      // The NUL behind a short name is part of it.
      var bytes = Array(comm.utf8.prefix(8))
      if bytes.count < 8 { bytes.append(0) }
      var value: UInt64 = 0
      for (index, byte) in bytes.enumerated() { value |= UInt64(byte) << UInt64(index * 8) }
      wanted = UInt64(littleEndian: value)
      mask = UInt64(littleEndian: bytes.count == 8 ? .max : (1 << UInt64(bytes.count * 8)) - 1)
      is64 = true
      if let change, let wake, let next = change.field("next_comm"), next.size == 16,
        let previous = change.field("prev_comm"), previous.size == 16,
        let comm = wake.field("comm"), comm.size == 16
      {
        places = (next.offset, previous.offset, comm.offset)
      }
    case .pid(let pid):
      is64 = false
      let value = UInt32(bitPattern: pid)
      let slot = change.flatMap { schema.slot("next_pid", of: $0) }
      wanted = UInt64(slot?.isSwapped == true ? value.byteSwapped : value)
      mask = .max
      if let change, let wake, let slot, slot.size == 4,
        let previous = schema.slot("prev_pid", of: change), previous.size == 4,
        let woken = schema.slot("pid", of: wake), woken.size == 4
      {
        places = (slot.offset, previous.offset, woken.offset)
      }
    case nil:
      wanted = 0
      mask = 0
      is64 = false
    }
  }

  /// False where the record surely concerns other tasks only.
  @inline(__always) func mayMatch(_ page: RawSpan, _ record: RecordRef) -> Bool {
    guard let places else { return true }
    if record.id == switchID {
      return matches(page, record, places.next) || matches(page, record, places.previous)
    }
    return matches(page, record, places.wake)
  }

  @inline(__always) private func matches(
    _ page: RawSpan, _ record: RecordRef, _ offset: Int
  ) -> Bool {
    let start = record.offset &+ offset
    let size = is64 ? 8 : 4
    guard start >= 0, start <= page.byteCount &- size, offset &+ size <= record.length else {
      return false
    }
    return is64
      ? page.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self) & mask == wanted
      : UInt64(page.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self)) == wanted
  }
}
