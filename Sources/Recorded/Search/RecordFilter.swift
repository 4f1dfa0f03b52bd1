internal import RingBuffer
internal import TraceModel

/// A cheap look at a record: whether it can concern the wanted task at all.
///
/// It compares the first bytes of the names, or the thread ids, where sched_switch and the wakeup
/// events keep them; what passes is read in full.
struct RecordFilter {
  /// Byte offsets in the records; `needed` is the length that a record must have to be looked at.
  private struct Places {
    var first: Int
    var second: Int
    var needed: Int
  }

  private var switchID: UInt16 = 0
  /// In sched_switch, and in all others as if they were wakeups: what passes is read in full.
  private var change = Places(first: 0, second: 0, needed: .max)
  private var wake = Places(first: 0, second: 0, needed: .max)
  private let wanted: UInt64
  private let mask: UInt64
  /// Whether it can report anything.
  private(set) var isUsable = false

  init(_ schema: Schema, task: TaskSelector?) {
    let change = schema.format(system: "sched", name: "sched_switch")
    let wake =
      schema.format(system: "sched", name: "sched_waking")
      ?? schema.format(system: "sched", name: "sched_wakeup")
    switchID = change?.id ?? 0
    switch task {
    case .comm(let comm):
      // The NUL after a short name is part of it.
      var bytes = Array(comm.utf8.prefix(8))
      if bytes.count < 8 { bytes.append(0) }
      var value: UInt64 = 0
      for (index, byte) in bytes.enumerated() { value |= UInt64(byte) << UInt64(index * 8) }
      wanted = UInt64(littleEndian: value)
      mask = UInt64(littleEndian: bytes.count == 8 ? .max : (1 << UInt64(bytes.count * 8)) - 1)
      if let change, let wake, let next = change.field("next_comm"), next.size == 16,
        let previous = change.field("prev_comm"), previous.size == 16,
        let comm = wake.field("comm"), comm.size == 16
      {
        setPlaces(next.offset, previous.offset, comm.offset, size: 8)
      }
    case .pid(let pid):
      let value = UInt32(bitPattern: pid)
      let slot = change.flatMap { schema.slot("next_pid", of: $0) }
      wanted = UInt64(littleEndian: UInt64(slot?.isSwapped == true ? value.byteSwapped : value))
      mask = UInt64(littleEndian: UInt64(UInt32.max))
      if let change, let wake, let slot, slot.size == 4,
        let previous = schema.slot("prev_pid", of: change), previous.size == 4,
        let woken = schema.slot("pid", of: wake), woken.size == 4
      {
        setPlaces(slot.offset, previous.offset, woken.offset, size: 4)
      }
    case nil:
      wanted = 0
      mask = 0
    }
  }

  private mutating func setPlaces(_ next: Int, _ previous: Int, _ woken: Int, size: Int) {
    guard next >= 0, previous >= 0, woken >= 0 else { return }
    change = Places(first: next, second: previous, needed: max(next, previous) + size)
    wake = Places(first: woken, second: woken, needed: woken + size)
    isUsable = true
  }

  /// False where the record surely concerns other tasks only.
  ///
  /// Which event comes next cannot be predicted: nothing here branches on it.
  @inline(__always) func mayMatch(_ page: RawSpan, _ record: RecordRef) -> Bool {
    let isSwitch = record.id == switchID
    let first = isSwitch ? change.first : wake.first
    let second = isSwitch ? change.second : wake.second
    guard record.length >= (isSwitch ? change.needed : wake.needed) else { return false }
    // Eight bytes are loaded where four are compared: at a page's end the full reader decides.
    let room = page.byteCount &- record.offset &- 8
    guard first <= room, second <= room else { return true }
    let one = page.unsafeLoadUnaligned(
      fromUncheckedByteOffset: record.offset &+ first, as: UInt64.self)
    let other = page.unsafeLoadUnaligned(
      fromUncheckedByteOffset: record.offset &+ second, as: UInt64.self)
    return (one ^ wanted) & mask == 0 || (other ^ wanted) & mask == 0
  }
}
