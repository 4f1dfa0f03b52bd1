public import TraceModel

/// The pages of one CPU by time: made from the pages' heads alone, so that only the pages of a wanted
/// span need be decoded.
public struct PageIndex: Sendable {
  /// One page that holds records.
  public struct Page: Hashable, Sendable {
    /// The page's time stamp.
    public var start: Nanoseconds
    /// Where the page begins in its store.
    public var position: Int
    /// Bytes of records in it.
    public var commit: Int
    /// Whether events were lost before it.
    public var lost: LostMark
  }

  /// Pages with records, in order of their stamps.
  public private(set) var pages: [Page] = []
  /// Whether the pages stood in order of their stamps; in a sound trace they do.
  public private(set) var isOrdered = true
  /// Pages whose head cannot be believed, and bytes behind the last whole page that are too few for a head.
  public private(set) var problems: [RingBufferError] = []

  /// Reads the heads of a CPU's pages.
  public init(_ cpu: CPUPages, pageSize: Int, reader: PageReader) {
    let range = cpu.range.clamped(to: 0..<cpu.store.count)
    guard pageSize > 0 else { return }
    pages.reserveCapacity(range.count / pageSize)
    var index = 0
    cpu.store.withBytes(in: range) { bytes in
      var offset = 0
      while offset < bytes.byteCount {
        let page = bytes.extracting(offset..<min(offset + pageSize, bytes.byteCount))
        let position = range.lowerBound + offset
        let damage: PageDamage?
        if let header = reader.header(of: page) {
          if header.commit > pageSize - reader.layout.dataOffset {
            damage = .commitTooLong
          } else {
            damage = nil
            if header.commit > 0 {
              let start = Nanoseconds(Int64(clamping: header.timestamp))
              isOrdered = isOrdered && start >= pages.last?.start ?? start
              pages.append(
                Page(start: start, position: position, commit: header.commit, lost: header.lost))
            }
          }
        } else {
          damage = .shorterThanHeader
        }
        if let damage {
          problems.append(
            RingBufferError(
              operation: .page, subject: "CPU \(cpu.cpu) page \(index)", position: position,
              reason: damage.text))
        }
        offset += pageSize
        index += 1
      }
    }
    if !isOrdered {
      pages.sort { ($0.start, $0.position) < ($1.start, $1.position) }
    }
  }

  /// The pages that may hold records of `span`, with `before` more pages in front of them.
  public func pages(overlapping span: TimeSpan?, before: Int = 0) -> Range<Int> {
    // Where the pages are not in order a page may hold anything.
    guard let span, isOrdered else { return 0..<pages.count }
    // The page in front of the first one that begins in the span may reach into it.
    let first = firstPage { $0.start >= span.start }
    let end = firstPage { $0.start >= span.end }
    let low = max(0, first - 1 - max(0, min(before, pages.count)))
    return low..<max(low, end)
  }

  private func firstPage(where isBehind: (Page) -> Bool) -> Int {
    var low = 0
    var high = pages.count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(pages[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
