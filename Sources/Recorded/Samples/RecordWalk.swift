internal import RingBuffer
internal import TraceModel

/// A walk over the records of pages, CPU by CPU in the order of the stamps, which makes no events
/// of them: what it needs of memory does not depend on the file.
struct RecordWalk {
  let decoder: TraceDecoder
  private let cpus: [CPUPages]

  /// - Parameters:
  ///   - pages: The trace.
  ///   - names: The events that will be read of the records, by system and name.
  init?(_ pages: PagedTrace, of names: [String: Set<String>]) {
    guard let decoder = pages.decoder(of: names) else { return nil }
    self.decoder = decoder
    cpus = pages.raw.cpus
  }

  /// Gives every record to `body`, and calls `cut` where records are missing before the next one:
  /// they were lost or cannot be read, or another CPU's begin.
  func forEach(cut: () -> Void, _ body: (Int, RawSpan, RecordRef) -> Void) {
    let reader = decoder.reader
    for pages in cpus {
      cut()
      var sequence = PageSequence(pages, decoder)
      var last = Int64.min
      var isThere = true
      while isThere {
        isThere = sequence.next { page in
          if reader.header(of: page)?.lost != LostMark.none { cut() }
          let status = reader.forEachRecord(in: page, pageSize: decoder.pageSize) { record in
            guard record.stamp >= last else {
              cut()
              return true
            }
            last = record.stamp
            body(pages.cpu, page, record)
            return true
          }
          if case .damaged = status { cut() }
        }
      }
    }
    cut()
  }
}
