internal import Analysis
internal import RingBuffer

/// Reads the records of the synthetic event by which the kernel reports waits (`KernelWaitFilter`).
package struct KernelWaitReader {
  /// What the names of our synthetic events begin with.
  package static let prefix = "breaktrace_"

  let id: UInt16
  private let latency: FieldSlot
  private let end: FieldSlot
  private let cause: FieldSlot
  private let pid: FieldSlot
  private let priority: FieldSlot
  private let comm: DataSlot

  /// nil for the format of another event.
  init?(_ format: EventFormat, _ schema: Schema) {
    guard format.system == "synthetic", format.name.hasPrefix(Self.prefix),
      let latency = schema.slot("lat", of: format), let end = schema.slot("end", of: format),
      let cause = schema.slot("cause", of: format), let pid = schema.slot("pid", of: format),
      let priority = schema.slot("prio", of: format),
      let comm = schema.textSlot("comm", of: format)
    else { return nil }
    id = format.id
    self.latency = latency
    self.end = end
    self.cause = cause
    self.pid = pid
    self.priority = priority
    self.comm = comm
  }

  /// Fills an event of kind `waited`; false where the record is too short.
  func read(_ page: RawSpan, _ record: RecordRef, into event: inout RunQueueEvent) -> Bool {
    guard let latency = latency.integer(page, record), let end = end.integer(page, record),
      let cause = cause.integer(page, record), let pid = pid.integer(page, record),
      let priority = priority.integer(page, record)
    else { return false }
    // The record's own stamp is after: records that the filter dropped move it.
    event.time = end
    event.value = latency
    event.task = Int32(truncatingIfNeeded: pid)
    event.priority = Int32(truncatingIfNeeded: priority)
    event.target = Int32(truncatingIfNeeded: cause)
    event.name = TaskName(comm.text(page, record) ?? "")
    return true
  }
}
