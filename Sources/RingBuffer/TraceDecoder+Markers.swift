import TraceModel

extension TraceDecoder {
  /// The markers (ftrace:print) whose text contains `phrase`, newest first, at most `limit`.
  ///
  /// Pages are searched from the newest on, so that a marker at the end is found without reading
  /// the rest.
  public func findMarkers(containing phrase: String, limit: Int = .max) -> [MarkerHit] {
    guard limit > 0, let format = schema.format(system: "ftrace", name: "print"),
      let slot = format.field("buf").flatMap({ DataSlot($0, layout: schema.layout) })
    else { return [] }
    let needle = Array(phrase.utf8)
    var hits: [MarkerHit] = []
    // A page's records are older than the page after it: what is still to be read of a CPU ends
    // there.
    var next = buffers.map { $0.index.pages.count }
    var bounds = buffers.map { _ in Nanoseconds(.max) }
    while true {
      let open = next.indices.filter { next[$0] > 0 }
      guard let chosen = open.max(by: { newest($0, next) < newest($1, next) }) else { break }
      if hits.count >= limit, let bound = open.map({ bounds[$0] }).max(),
        hits.sorted(by: Self.isNewer)[limit - 1].time >= bound
      {
        break
      }
      next[chosen] -= 1
      let buffer = buffers[chosen]
      bounds[chosen] = buffer.index.pages[next[chosen]].start
      let position = buffer.index.pages[next[chosen]].position
      withPage(buffer, next[chosen]) { bytes in
        _ = reader.forEachRecord(in: bytes, pageSize: pageSize) { record in
          guard record.id == format.id, let range = slot.range(bytes, record),
            bytes.contains(needle, in: range)
          else { return true }
          let event = event(bytes, record, cpu: buffer.pages.cpu, position: position)
          if case .marker(let text) = event.payload {
            hits.append(
              MarkerHit(
                time: event.time, cpu: event.cpu, pid: event.pid, text: text,
                position: event.position))
          }
          return true
        }
      }
    }
    return Array(hits.sorted(by: Self.isNewer).prefix(limit))
  }

  private func newest(_ buffer: Int, _ next: [Int]) -> Nanoseconds {
    buffers[buffer].index.pages[next[buffer] - 1].start
  }

  private static func isNewer(_ a: MarkerHit, _ b: MarkerHit) -> Bool {
    (a.time, a.cpu, a.position) > (b.time, b.cpu, b.position)
  }
}

extension RawSpan {
  /// Whether `needle` is in `range`, which lies in the span, before a NUL.
  func contains(_ needle: [UInt8], in range: Range<Int>) -> Bool {
    guard let first = needle.first else { return true }
    var start = range.lowerBound
    while start <= range.upperBound - needle.count {
      let byte = uncheckedUInt8(start)
      if byte == 0 { return false }
      if byte == first {
        var index = 1
        while index < needle.count, uncheckedUInt8(start + index) == needle[index] { index += 1 }
        if index == needle.count { return true }
      }
      start += 1
    }
    return false
  }
}
