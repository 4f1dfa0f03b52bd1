public import TraceModel

extension TraceDecoder {
  /// Gives the records of a CPU that lie in `span` to `body`, page by page and in order, without
  /// making events of them: a few ns a record.
  ///
  /// The readers of `schema` take the page and the record. Stamps come as stored; in a damaged
  /// trace they may go back.
  @inlinable @inline(__always)
  @discardableResult public func forEachRecord(
    cpu: Int, in span: TimeSpan? = nil, _ body: (RawSpan, RecordRef) -> Void
  ) -> ScanResult {
    var result = ScanResult()
    guard let buffer = buffer(cpu) else { return result }
    let reader = reader
    let start = UInt64(clamping: span?.start.count ?? .min)
    let end = span.map { UInt64(clamping: $0.end.count) } ?? .max
    for page in buffer.index.pages(overlapping: span) {
      if page > 0, buffer.index.pages[page].lost != .none { result.lostMarks += 1 }
      withPage(buffer, page) { bytes in
        var count = 0
        let status = reader.forEachRecord(in: bytes, pageSize: pageSize) { record in
          if record.time >= start, record.time < end {
            count += 1
            body(bytes, record)
          }
          return true
        }
        result.records += count
        if case .damaged = status { result.damagedPages += 1 }
      }
    }
    return result
  }

  /// The whole event of a record that `forEachRecord` gave; `position` is where the page begins in
  /// its store.
  public func event(
    _ page: RawSpan, _ record: RecordRef, cpu: Int, position: Int = 0
  ) -> TraceEvent {
    let decoder = schema.decoder(id: record.id)
    let payload =
      decoder?.payload(page, record, names) ?? decoder.map { .other($0.other(page, record, names)) }
      ?? .other(OtherEvent(system: "", name: "event \(record.id)", fields: []))
    // All events of a trace have the same common fields: an unknown one is read by another's.
    let common = decoder ?? schema.anyDecoder
    let flags = common?.flags?.integer(page, record) ?? 0
    let preemptCount = common?.preemptCount?.integer(page, record) ?? 0
    return TraceEvent(
      time: Nanoseconds(record.stamp), cpu: cpu,
      pid: Int32(truncatingIfNeeded: common?.pid?.integer(page, record) ?? -1),
      context: EventContext(
        flags: UInt8(truncatingIfNeeded: flags),
        preemptCount: UInt8(truncatingIfNeeded: preemptCount)),
      payload: payload, position: UInt64(max(0, position + record.offset)))
  }
}
