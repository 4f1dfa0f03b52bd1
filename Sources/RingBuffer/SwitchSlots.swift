/// Where the fields of a sched:sched_switch record are, and which states are runnable: plain
/// numbers alone, for loops over millions of records.
@frozen public struct SwitchSlots: Hashable, Sendable {
  /// The event's number in the records.
  public let id: UInt16
  @usableFromInline let previousPid: FieldSlot
  @usableFromInline let previousPriority: FieldSlot
  @usableFromInline let previousState: FieldSlot
  @usableFromInline let nextPid: FieldSlot
  @usableFromInline let nextPriority: FieldSlot
  @usableFromInline let previousName: DataSlot
  @usableFromInline let nextName: DataSlot
  @usableFromInline let end: Int
  @usableFromInline let preemptedBits: UInt64
  @usableFromInline let blockedBits: UInt64

  /// nil where the format lacks one of the fields.
  init?(_ format: EventFormat, states: TaskStateTable, layout: PageLayout) {
    guard let previousPid = format.slot("prev_pid", layout),
      let previousPriority = format.slot("prev_prio", layout),
      let previousState = format.slot("prev_state", layout),
      let nextPid = format.slot("next_pid", layout),
      let nextPriority = format.slot("next_prio", layout),
      let previousName = format.field("prev_comm").flatMap({ DataSlot($0, layout: layout) }),
      let nextName = format.field("next_comm").flatMap({ DataSlot($0, layout: layout) })
    else { return nil }
    id = format.id
    self.previousPid = previousPid
    self.previousPriority = previousPriority
    self.previousState = previousState
    self.nextPid = nextPid
    self.nextPriority = nextPriority
    self.previousName = previousName
    self.nextName = nextName
    end =
      [previousPid, previousPriority, previousState, nextPid, nextPriority].map(\.end).max() ?? 0
    preemptedBits = states.preemptedBits
    blockedBits = states.letters.mask
  }

  /// The numbers of `record`, nil where the record is too short for the event.
  @inlinable @inline(__always)
  public func read(_ page: RawSpan, _ record: RecordRef) -> SwitchFields? {
    let base = record.offset
    guard end <= record.length, base >= 0, base <= page.byteCount - end else { return nil }
    return SwitchFields(
      previousPid: Int32(truncatingIfNeeded: previousPid.unchecked(page, base)),
      previousPriority: Int32(truncatingIfNeeded: previousPriority.unchecked(page, base)),
      previousState: previousState.unchecked(page, base),
      nextPid: Int32(truncatingIfNeeded: nextPid.unchecked(page, base)),
      nextPriority: Int32(truncatingIfNeeded: nextPriority.unchecked(page, base)))
  }

  /// Whether a task of that state still wanted the CPU.
  @inlinable @inline(__always) public func isRunnable(_ state: Int64) -> Bool {
    let bits = UInt64(bitPattern: state)
    return bits & preemptedBits != 0 || bits & blockedBits == 0
  }

  /// The name of the task that leaves the CPU; empty where the record does not hold it.
  @inlinable @inline(__always)
  public func previousComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    previousName.range(page, record).map { CommBytes(page, $0) } ?? .empty
  }

  /// The name of the task that gets the CPU; empty where the record does not hold it.
  @inlinable @inline(__always)
  public func nextComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    nextName.range(page, record).map { CommBytes(page, $0) } ?? .empty
  }
}
