/// Reads sched:sched_waking, sched_wakeup or sched_wakeup_new records at full speed.
public struct WakeReader: Hashable, Sendable {
  /// The event's number in the records.
  public let id: UInt16
  @usableFromInline let pid: FieldSlot
  @usableFromInline let priority: FieldSlot
  @usableFromInline let target: FieldSlot
  @usableFromInline let name: DataSlot
  @usableFromInline let end: Int

  /// nil where the format lacks one of the fields.
  init?(_ format: EventFormat, layout: PageLayout) {
    guard let pid = format.slot("pid", layout), let priority = format.slot("prio", layout),
      let target = format.slot("target_cpu", layout) ?? format.slot("cpu", layout),
      let name = format.field("comm").flatMap({ DataSlot($0, layout: layout) })
    else { return nil }
    id = format.id
    self.pid = pid
    self.priority = priority
    self.target = target
    self.name = name
    end = max(pid.end, priority.end, target.end)
  }

  /// The numbers of `record`, nil where the record is too short for the event.
  @inlinable public func read(_ page: RawSpan, _ record: RecordRef) -> WakeFields? {
    let base = record.offset
    guard end <= record.length, base >= 0, base <= page.byteCount - end else { return nil }
    return WakeFields(
      pid: Int32(truncatingIfNeeded: pid.unchecked(page, base)),
      priority: Int32(truncatingIfNeeded: priority.unchecked(page, base)),
      targetCPU: Int32(truncatingIfNeeded: target.unchecked(page, base)))
  }

  /// The woken task's name; empty where the record does not hold it.
  @inlinable public func comm(_ page: RawSpan, _ record: RecordRef) -> CommBytes {
    name.range(page, record).map { CommBytes(page, $0) } ?? .empty
  }
}
