/// Reads sched:sched_switch records at full speed; made from the event's format.
public struct SwitchReader: Hashable, Sendable {
  /// The meaning of `prev_state`.
  public let states: TaskStateTable
  /// Where the fields are.
  public let slots: SwitchSlots

  /// The event's number in the records.
  @inlinable public var id: UInt16 { slots.id }

  /// nil where the format lacks one of the fields.
  init?(_ format: EventFormat, layout: PageLayout) {
    states = TaskStateTable(format.printFormat)
    guard let slots = SwitchSlots(format, states: states, layout: layout) else { return nil }
    self.slots = slots
  }

  /// The numbers of `record`, nil where the record is too short for the event.
  @inlinable public func read(_ page: RawSpan, _ record: RecordRef) -> SwitchFields? {
    slots.read(page, record)
  }

  /// The name of the task that leaves the CPU; empty where the record does not hold it.
  @inlinable public func previousComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    slots.previousComm(page, record)
  }

  /// The name of the task that gets the CPU; empty where the record does not hold it.
  @inlinable public func nextComm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    slots.nextComm(page, record)
  }
}
