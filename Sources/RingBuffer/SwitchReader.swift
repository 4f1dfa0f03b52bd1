/// Reads sched:sched_switch records at full speed; made from the event's format.
public struct SwitchReader: Hashable, Sendable {
  /// The event's number in the records.
  public let id: UInt16
  /// The meaning of `prev_state`.
  public let states: TaskStateTable
  @usableFromInline let previousPid: FieldSlot
  @usableFromInline let previousPriority: FieldSlot
  @usableFromInline let previousState: FieldSlot
  @usableFromInline let nextPid: FieldSlot
  @usableFromInline let nextPriority: FieldSlot
  @usableFromInline let previousName: DataSlot
  @usableFromInline let nextName: DataSlot
  @usableFromInline let end: Int

  /// nil where the format lacks one of the fields.
  init?(_ format: EventFormat, layout: PageLayout) {
    guard let previousPid = format.slot("prev_pid", layout),
      let previousPriority = format.slot("prev_prio", layout),
      let previousState = format.slot("prev_state", layout),
      let nextPid = format.slot("next_pid", layout),
      let nextPriority = format.slot("next_prio", layout),
      let previousName = format.field("prev_comm").flatMap({ DataSlot($0, layout: layout) }),
      let nextName = format.field("next_comm").flatMap({ DataSlot($0, layout: layout) })
    else { return nil }
    id = format.id
    states = TaskStateTable(format.printFormat)
    self.previousPid = previousPid
    self.previousPriority = previousPriority
    self.previousState = previousState
    self.nextPid = nextPid
    self.nextPriority = nextPriority
    self.previousName = previousName
    self.nextName = nextName
    end =
      [previousPid, previousPriority, previousState, nextPid, nextPriority].map(\.end).max() ?? 0
  }

  /// The numbers of `record`, nil where the record is too short for the event.
  @inlinable public func read(_ page: RawSpan, _ record: RecordRef) -> SwitchFields? {
    let base = record.offset
    guard end <= record.length, base >= 0, base <= page.byteCount - end else { return nil }
    return SwitchFields(
      previousPid: Int32(truncatingIfNeeded: previousPid.unchecked(page, base)),
      previousPriority: Int32(truncatingIfNeeded: previousPriority.unchecked(page, base)),
      previousState: previousState.unchecked(page, base),
      nextPid: Int32(truncatingIfNeeded: nextPid.unchecked(page, base)),
      nextPriority: Int32(truncatingIfNeeded: nextPriority.unchecked(page, base)))
  }

  /// The name of the task that leaves the CPU; empty where the record does not hold it.
  @inlinable public func previousComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    previousName.range(page, record).map { CommBytes(page, $0) } ?? .empty
  }

  /// The name of the task that gets the CPU; empty where the record does not hold it.
  @inlinable public func nextComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    nextName.range(page, record).map { CommBytes(page, $0) } ?? .empty
  }
}
